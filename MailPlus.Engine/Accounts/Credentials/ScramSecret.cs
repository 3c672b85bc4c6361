using System.Security.Cryptography;
using MailPlus.Engine.Database;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts.Credentials;

/// <summary>The key that makes salts for names nobody has. Kept in the system database: a salt that changed with a restart would tell that nobody has the name.</summary>
public static class ScramSecret
{
    private const string Row = "scram-secret";
    private const int Octets = 32;

    /// <summary>Reads the key, or makes it the first time.</summary>
    public static async Task<ReadOnlyMemory<byte>> LoadAsync(SystemDatabase database, CancellationToken cancellationToken)
    {
        var kept = await database.ReadAsync(context => context.States.FirstOrDefaultAsync(row => row.Name == Row, cancellationToken), cancellationToken);
        if (kept is not null)
        {
            return Convert.FromBase64String(kept.Value);
        }

        var made = RandomNumberGenerator.GetBytes(Octets);
        await database.WriteAsync(
            context =>
            {
                context.States.Add(new StateRow { Name = Row, Value = Convert.ToBase64String(made) });
                return Task.FromResult(true);
            },
            cancellationToken);
        return made;
    }
}
