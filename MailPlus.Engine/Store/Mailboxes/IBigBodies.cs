using MailPlus.Engine.Database;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>A body that lies outside of its row.</summary>
/// <param name="Prefix">The generated prefix, which is in the row.</param>
/// <param name="Size">Octets of prefix and body together.</param>
/// <param name="HeaderLength">Octets of prefix and header block together.</param>
internal sealed record BigBody(byte[] Prefix, long Size, int HeaderLength);

/// <summary>Where bodies too big for their row lie: files beside a SQLite file, rows of parts in PostgreSQL. All but <see cref="PlaceAsync"/> blocks.</summary>
internal interface IBigBodies
{
    /// <summary>Does before the commit what can be done before it; a name for each content.</summary>
    Task<string[]> PlaceAsync(IReadOnlyList<MessageContent> contents, CancellationToken cancellationToken);

    /// <summary>Writes what belongs into the transaction that makes the row.</summary>
    void Write(SqlSession session, string name, MessageContent content);

    /// <summary>Removes a body with its row.</summary>
    void Delete(AccountEdit edit, string name);

    /// <summary>Removes what lies outside of transactions, when nothing refers to it.</summary>
    void Withdraw(string name);

    /// <summary>Opens a body; it stays readable when it is removed meanwhile.</summary>
    /// <exception cref="Primitives.RefusedException">Unavailable: missing, unreadable or not as long as it should be.</exception>
    StoredContent Open(SqlSession session, string name, BigBody body);
}
