using System.Security.Cryptography;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.MailAuth.Dkim;

/// <summary>How a body is hashed: canonicalisation and the number of octets a signature covers (l=), null for all.</summary>
internal readonly record struct BodyForm(bool Relaxed, long? Limit);

/// <summary>A body hash.</summary>
/// <param name="Hash">SHA-256.</param>
/// <param name="Length">Octets of the whole canonical body.</param>
internal sealed record BodyHash(byte[] Hash, long Length);

/// <summary>
/// Hashes a body as it streams by (RFC 6376 3.4.3, 3.4.4), over the octets that were received: no parser stands between them and the hash, and a body of any
/// size costs one pass and no memory.
/// </summary>
internal sealed class BodyHasher(BodyForm form) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _length;
    private long _lines;
    private bool _return;
    private bool _space;
    private bool _any;

    /// <summary>Hashes of a message's body in all forms asked for, in one pass.</summary>
    public static async Task<IReadOnlyDictionary<BodyForm, BodyHash>> HashAsync(
        MessageContent content, int headerLength, IReadOnlyCollection<BodyForm> forms, CancellationToken cancellationToken)
    {
        var hashers = forms.Distinct().ToDictionary(form => form, form => new BodyHasher(form));
        try
        {
            if (content.InMemory is { } octets)
            {
                Write(octets.Span[Math.Min(headerLength, octets.Length)..]);
            }
            else if (hashers.Count > 0)
            {
                await using var stream = content.OpenRead();
                stream.Position = Math.Min(headerLength, content.Length);
                var buffer = new byte[64 * 1024];
                while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                {
                    Write(buffer.AsSpan(0, read));
                }
            }

            return hashers.ToDictionary(pair => pair.Key, pair => pair.Value.Finish());
        }
        finally
        {
            foreach (var hasher in hashers.Values)
            {
                hasher.Dispose();
            }
        }

        void Write(ReadOnlySpan<byte> piece)
        {
            foreach (var hasher in hashers.Values)
            {
                hasher.Append(piece);
            }
        }
    }

    /// <summary>The next octets.</summary>
    public void Append(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            if (_return)
            {
                _return = false;
                if (octets[0] == '\n')
                {
                    _space = false; // relaxed: white space before a line end goes
                    _lines++;
                    octets = octets[1..];
                    continue;
                }

                Text("\r"u8);
            }

            var at = form.Relaxed ? octets.IndexOfAny((byte)'\r', (byte)' ', (byte)'\t') : octets.IndexOf((byte)'\r');
            Text(at < 0 ? octets : octets[..at]);
            if (at < 0)
            {
                return;
            }

            _return = octets[at] == '\r';
            _space |= !_return;
            octets = octets[(at + 1)..];
        }
    }

    /// <summary>The hash of all.</summary>
    public BodyHash Finish()
    {
        if (_return)
        {
            _return = false;
            Text("\r"u8);
        }

        // Empty lines at the end go, one line end stays; a simple body that is empty is one line end, a relaxed one is nothing.
        if (_any || !form.Relaxed)
        {
            Emit("\r\n"u8);
        }

        return new BodyHash(_hash.GetHashAndReset(), _length);
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private void Text(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        for (; _lines > 0; _lines--)
        {
            Emit("\r\n"u8);
        }

        if (_space)
        {
            Emit(" "u8);
            _space = false;
        }

        Emit(text);
        _any = true;
    }

    private void Emit(ReadOnlySpan<byte> octets)
    {
        var left = (form.Limit ?? long.MaxValue) - _length;
        _length += octets.Length;
        if (left > 0)
        {
            _hash.AppendData(left < octets.Length ? octets[..(int)left] : octets);
        }
    }
}
