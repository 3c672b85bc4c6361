using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Database;

/// <summary>Named values the engine keeps for itself.</summary>
internal static class StateRows
{
    /// <summary>Sets a value inside a change.</summary>
    internal static async Task SetAsync(SystemContext context, string name, string value, CancellationToken cancellationToken)
    {
        if (await context.States.FirstOrDefaultAsync(row => row.Name == name, cancellationToken) is { } row)
        {
            row.Value = value;
        }
        else
        {
            context.States.Add(new StateRow { Name = name, Value = value });
        }
    }
}
