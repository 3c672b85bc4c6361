using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Audit;

/// <summary>The mail log (Log page, REST). Permission ViewLogs.</summary>
public sealed class MailLog
{
    /// <summary>A page of rows. Total stops counting at 10,000.</summary>
    public Task<Page<MailLogRow>> SearchAsync(Actor actor, MailLogQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>All rows of a query, for a download; offset and limit are ignored.</summary>
    public IAsyncEnumerable<MailLogRow> ExportAsync(Actor actor, MailLogQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();
}
