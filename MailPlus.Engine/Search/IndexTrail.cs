using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Search;

/// <summary>Tells the admin log that a part of the index was damaged and is made anew.</summary>
public sealed class IndexTrail(SystemDatabase database, TimeProvider clock)
{
    /// <summary>Writes the row.</summary>
    public Task NoteAsync(string shard, string reason, CancellationToken cancellationToken) => database.WriteAsync(
        context =>
        {
            AdminTrail.Add(context, new AdminActed("system", "IndexRebuilt", $"index/{shard}") { Time = Instant.Now(clock), Detail = reason });
            return Task.FromResult(true);
        },
        cancellationToken);
}
