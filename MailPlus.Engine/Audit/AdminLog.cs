using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Audit;

/// <summary>The admin log: who changed what. Permission ViewLogs.</summary>
public sealed class AdminLog
{
    /// <summary>A page of rows, newest first.</summary>
    public Task<Page<AdminLogRow>> SearchAsync(Actor actor, AdminLogQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>All rows of a query, for a download; offset and limit are ignored.</summary>
    public IAsyncEnumerable<AdminLogRow> ExportAsync(Actor actor, AdminLogQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();
}
