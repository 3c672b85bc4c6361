using MailPlus.Engine.Primitives;
using Xunit;

namespace MailPlus.Tests.Support;

/// <summary>Expected refusals.</summary>
internal static class Refused
{
    /// <summary>The work must be refused; returns the refusal.</summary>
    public static async Task<Refusal> ByAsync(RefusalKind kind, Func<Task> work)
    {
        var refused = await Assert.ThrowsAsync<RefusedException>(work);
        Assert.Equal(kind, refused.Refusal.Kind);
        return refused.Refusal;
    }
}
