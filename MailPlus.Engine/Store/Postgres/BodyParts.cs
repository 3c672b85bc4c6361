using System.Security.Cryptography;
using MailPlus.Engine.Database;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Mailboxes;
using Microsoft.Win32.SafeHandles;

namespace MailPlus.Engine.Store.Postgres;

/// <summary>
/// Bodies too big for their row, as rows of parts, written and removed in the transaction of the row. Who reads one gets a file of their own, which is gone with its
/// handle, so that a body stays readable when it is expunged meanwhile and no connection is held for a slow reader.
/// </summary>
internal sealed class BodyParts(string folder) : IBigBodies
{
    private const int PartOctets = 512 * 1024;

    public Task<string[]> PlaceAsync(IReadOnlyList<MessageContent> contents, CancellationToken cancellationToken) =>
        Task.FromResult(contents.Select(_ => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12))).ToArray());

    public void Write(SqlSession session, string name, MessageContent content)
    {
        using var octets = content.OpenRead();
        Read(octets, content.Length, (part, data) =>
            session.Statement("INSERT INTO big_body({,}name, part, data) VALUES({$}?, ?, ?)").Bind(0, name).Bind(1, part).Bind(2, data.Span).Execute());
    }

    public void Delete(AccountEdit edit, string name) => edit.Session.Statement("DELETE FROM big_body WHERE {=}name=?").Bind(0, name).Execute();

    public void Withdraw(string name)
    {
        // Nothing lies outside of the transaction.
    }

    public StoredContent Open(SqlSession session, string name, BigBody body)
    {
        var handle = Spool();
        try
        {
            long at = 0;
            var rows = session.Statement("SELECT data FROM big_body WHERE {=}name=? ORDER BY part").Bind(0, name);
            while (rows.Step())
            {
                var data = rows.Blob(0);
                RandomAccess.Write(handle, data, at);
                at += data.Length;
            }

            rows.Reset();
            return at == body.Size - body.Prefix.Length
                ? new FileContent(body.Prefix, handle, body.Size, body.HeaderLength)
                : throw new InvalidDataException($"A body has {at} octets instead of {body.Size - body.Prefix.Length}.");
        }
        catch (Exception failure)
        {
            handle.Dispose();
            throw SqliteFailures.ForCaller(failure, folder);
        }
    }

    /// <summary>Cuts a body into parts.</summary>
    public static void Read(Stream octets, long length, Action<long, ReadOnlyMemory<byte>> keep)
    {
        var buffer = new byte[PartOctets];
        for (long part = 0; length > 0; part++)
        {
            var size = (int)Math.Min(length, PartOctets);
            octets.ReadExactly(buffer.AsSpan(0, size));
            keep(part, buffer.AsMemory(0, size));
            length -= size;
        }
    }

    private SafeFileHandle Spool()
    {
        try
        {
            Directory.CreateDirectory(folder);
            return File.OpenHandle(Path.Combine(folder, Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete,
                FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        }
        catch (Exception failure)
        {
            throw SqliteFailures.ForCaller(failure, folder);
        }
    }
}
