using System.Security.Cryptography;
using MailPlus.Engine.Database;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Mailboxes;
using Microsoft.Win32.SafeHandles;

namespace MailPlus.Engine.Store.Sqlite;

/// <summary>
/// The folder of bodies too big for the database: immutable files, flushed with the folder before their row is committed, removed after the row's removal is.
/// All of it blocks.
/// </summary>
internal sealed class BodyFolder(string folder, SqliteThreads threads) : IBigBodies
{
    public const string Name = "bodies";

    private readonly Lock _gate = new();
    private readonly List<string> _heldBack = [];
    private int _holders;

    /// <summary>Names of files that rows refer to.</summary>
    public static HashSet<string> KnownFiles(SqlSession session)
    {
        var files = new HashSet<string>(StringComparer.Ordinal);
        var rows = session.Statement("SELECT file FROM body WHERE file IS NOT NULL");
        while (rows.Step())
        {
            files.Add(rows.Text(0));
        }

        rows.Reset();
        return files;
    }

    /// <summary>Places contents under new names, by link where that is possible, durable on completion.</summary>
    public Task<string[]> PlaceAsync(IReadOnlyList<MessageContent> contents, CancellationToken cancellationToken) => threads.RunAsync(() => Place(contents), cancellationToken);

    public void Write(SqlSession session, string name, MessageContent content)
    {
        // It has been placed.
    }

    public void Delete(AccountEdit edit, string name) => edit.Unlink(name);

    public void Withdraw(string name) => Remove(name);

    public StoredContent Open(SqlSession session, string name, BigBody body) => new FileContent(body.Prefix, Open(name, body.Size - body.Prefix.Length), body.Size, body.HeaderLength);

    private string[] Place(IReadOnlyList<MessageContent> contents)
    {
        var names = new List<string>(contents.Count);
        try
        {
            foreach (var content in contents)
            {
                var name = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
                var path = Path.Combine(folder, name);
                names.Add(name);
                if (content.FileName is { } existing && DurableFiles.TryLink(existing, path))
                {
                    DurableFiles.FlushFile(path);
                }
                else
                {
                    using var octets = content.OpenRead();
                    DurableFiles.Write(path, octets);
                }
            }

            DurableFiles.FlushFolder(folder);
            return [.. names];
        }
        catch (Exception failure)
        {
            names.ForEach(Delete);
            throw SqliteFailures.ForCaller(failure, folder);
        }
    }

    /// <summary>Opens a body; it stays readable when the file is removed meanwhile.</summary>
    /// <exception cref="Primitives.RefusedException">Unavailable: missing, unreadable or not as long as it should be.</exception>
    public SafeFileHandle Open(string name, long length)
    {
        var path = Path.Combine(folder, name);
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
            var actual = RandomAccess.GetLength(handle);
            return actual == length ? handle : throw new IOException($"has {actual} octets instead of {length}");
        }
        catch (Exception failure)
        {
            handle?.Dispose();
            throw SqliteFailures.ForCaller(failure, path);
        }
    }

    /// <summary>Removes a body whose row is gone for good, or later when a copy is being made.</summary>
    public void Remove(string name)
    {
        lock (_gate)
        {
            if (_holders > 0)
            {
                _heldBack.Add(name);
                return;
            }
        }

        Delete(name);
    }

    /// <summary>Keeps removed files until disposed.</summary>
    public IDisposable HoldRemovals()
    {
        lock (_gate)
        {
            _holders++;
        }

        return new Hold(this);
    }

    /// <summary>Removes what an unclean stop left without a row.</summary>
    public bool Sweep(HashSet<string> known)
    {
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            if (!known.Contains(Path.GetFileName(path)))
            {
                File.Delete(path);
            }
        }

        return true;
    }

    /// <summary>Links or copies a body elsewhere, flushed; the folder is left to the caller. A body that is missing here will be missing there.</summary>
    public void CopyTo(string name, string path)
    {
        var source = Path.Combine(folder, name);
        if (File.Exists(source) && !DurableFiles.TryLink(source, path))
        {
            using var octets = File.OpenRead(source);
            DurableFiles.Write(path, octets);
        }
    }

    private void Delete(string name)
    {
        try
        {
            File.Delete(Path.Combine(folder, name));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Only space is lost, and the sweep after the next unclean stop tries again; the commit it follows stands.
        }
    }

    private void Release()
    {
        string[] names = [];
        lock (_gate)
        {
            if (--_holders == 0)
            {
                names = [.. _heldBack];
                _heldBack.Clear();
            }
        }

        foreach (var name in names)
        {
            Delete(name);
        }
    }

    private sealed class Hold(BodyFolder bodies) : IDisposable
    {
        private BodyFolder? _bodies = bodies;

        public void Dispose() => Interlocked.Exchange(ref _bodies, null)?.Release();
    }
}
