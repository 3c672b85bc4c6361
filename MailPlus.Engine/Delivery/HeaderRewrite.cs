using System.Globalization;
using System.Text;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery;

/// <summary>
/// The form in which a message is stored and sent on (mail-rules 12): inbound fields that only this server may write are dropped; a submission loses Bcc and
/// gains the Date and Message-ID it lacks (RFC 6409 8.2, 8.3). Nothing else is touched, so signatures stay valid.
/// </summary>
internal sealed class HeaderRewrite
{
    private readonly List<HeaderField> _dropped = [];

    private HeaderRewrite(byte[] added) => Added = added;

    /// <summary>Fields put at the top.</summary>
    public byte[] Added { get; private set; }

    /// <summary>Fields left out, in order.</summary>
    public IReadOnlyList<HeaderField> Dropped => _dropped;

    /// <summary>True when the message may stay as it is.</summary>
    public bool IsNothing => _dropped.Count == 0 && Added.Length == 0;

    /// <summary>Decides what has to change.</summary>
    public static HeaderRewrite Plan(HeaderFields header, MessageOrigin origin, string hostname, Instant now)
    {
        var plan = new HeaderRewrite([]);
        if (origin == MessageOrigin.Generated)
        {
            return plan;
        }

        var submitted = origin is MessageOrigin.Submission or MessageOrigin.Webmail;
        var hasDate = false;
        var hasId = false;
        foreach (var field in header.Fields)
        {
            hasDate |= header.IsNamed(field, "Date"u8);
            hasId |= header.IsNamed(field, "Message-ID"u8);
            var drop = submitted
                ? header.IsNamed(field, "Bcc"u8) || header.IsNamed(field, "Resent-Bcc"u8) || header.IsNamed(field, "Return-Path"u8)
                : header.IsNamed(field, "Return-Path"u8) || header.NameStartsWith(field, "X-Spam-"u8) || (header.IsNamed(field, "Authentication-Results"u8) && IsOurs(header.Value(field).Span, hostname));
            if (drop)
            {
                plan._dropped.Add(field);
            }
        }

        if (submitted && !(hasDate && hasId))
        {
            var added = (hasDate ? "" : $"Date: {Rfc5322(now)}\r\n") + (hasId ? "" : $"Message-ID: <{Guid.NewGuid():N}@{hostname}>\r\n");
            plan.Added = Encoding.ASCII.GetBytes(added);
        }

        return plan;
    }

    /// <summary>The new octets of a message in memory.</summary>
    public byte[] Apply(ReadOnlySpan<byte> octets)
    {
        var result = new byte[octets.Length + Added.Length - _dropped.Sum(f => f.Length)];
        Added.CopyTo(result, 0);
        var to = Added.Length;
        var from = 0;
        foreach (var field in _dropped)
        {
            octets[from..field.Start].CopyTo(result.AsSpan(to));
            to += field.Start - from;
            from = field.End;
        }

        octets[from..].CopyTo(result.AsSpan(to));
        return result;
    }

    /// <summary>Writes the new octets of a message of any size.</summary>
    public async Task ApplyAsync(MessageContent content, Stream target, CancellationToken cancellationToken)
    {
        await target.WriteAsync(Added, cancellationToken);
        await using var source = content.OpenRead();
        var from = 0L;
        foreach (var field in _dropped)
        {
            await CopyAsync(source, target, field.Start - from, cancellationToken);
            source.Position = field.End;
            from = field.End;
        }

        await source.CopyToAsync(target, cancellationToken);
    }

    /// <summary>A date-time of RFC 5322 3.3.</summary>
    public static string Rfc5322(Instant time) => time.ToDateTimeOffset().ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture) + " +0000";

    private static async Task CopyAsync(Stream source, Stream target, long count, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Min(count, 64 * 1024)];
        while (count > 0)
        {
            var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), cancellationToken);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            count -= read;
        }
    }

    /// <summary>RFC 8601 5: a field that bears our authserv-id did not come from us.</summary>
    private static bool IsOurs(ReadOnlySpan<byte> value, string hostname)
    {
        var text = Encoding.ASCII.GetString(value[..Math.Min(value.Length, 1024)]).TrimStart();
        var end = text.AsSpan().IndexOfAny(" \t\r\n;(");
        var id = (end < 0 ? text : text[..end]).Trim('"');
        return id.Equals(hostname, StringComparison.OrdinalIgnoreCase);
    }
}
