using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Search;
using MailPlus.Engine.Store.Contract;
using MimeKit.Utils;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>The text of one message as SEARCH sees it: decoded, compared without case (RFC 3501 6.4.4), read when first needed.</summary>
internal sealed class SearchText(MessageRow row, bool byCharacter)
{
    private List<(string Name, string Value)>? _fields;
    private List<string>? _body;
    private (int Sum, int Count) _scores;

    /// <summary>Mean of the fuzzy keys that matched so far, 100 when there was none (RFC 6203 4).</summary>
    public int Relevancy => _scores.Count == 0 ? 100 : Math.Max(1, _scores.Sum / _scores.Count);

    /// <summary>When the message entered the mailbox, in seconds since 1970.</summary>
    public long Saved => row.SaveDate is { } date ? date.Microseconds / 1_000_000 : 0;

    /// <summary>EMAILID.</summary>
    public long EmailId => row.EmailId;

    /// <summary>THREADID.</summary>
    public long ThreadId => row.ThreadId;

    /// <summary>The day in the Date header as written there, time and zone disregarded; null when it has none.</summary>
    public DateOnly? Sent
    {
        get
        {
            // ENVELOPE begins with the date, so the message itself need not be read.
            var envelope = row.Envelope.Span;
            if (envelope.Length < 3 || envelope[1] != '"')
            {
                return null;
            }

            var end = envelope[2..].IndexOf((byte)'"');
            return end > 0 && DateUtils.TryParse(Encoding.ASCII.GetString(envelope.Slice(2, end)), out var date) ? DateOnly.FromDateTime(date.DateTime) : null;
        }
    }

    /// <summary>Whether a field of this name (null: any) holds the text; the empty text asks whether the field is there.</summary>
    public async ValueTask<bool> HeaderContainsAsync(string? name, string needle, CancellationToken cancellationToken)
    {
        _fields ??= await ReadFieldsAsync(cancellationToken);
        foreach (var (field, value) in _fields)
        {
            if (name is null ? Contains(value, needle) || Contains(field + ": " + value, needle) : field.Equals(name, StringComparison.OrdinalIgnoreCase) && Contains(value, needle))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the body holds the text.</summary>
    public bool BodyContains(string needle)
    {
        if (row.Content is not { } content)
        {
            return false;
        }

        _body ??= MessageTexts.Body(content);
        return needle.Length == 0 || _body.Exists(text => Contains(text, needle));
    }

    /// <summary>Whether most words of the needle are there in some form, in any order; notes how well they match.</summary>
    public async ValueTask<bool> MatchesLooselyAsync(Wire.SearchKey key, CancellationToken cancellationToken)
    {
        var needle = new LooseNeedle(key.Needle, byCharacter);
        if (key.Subject != Wire.SearchSubject.Body)
        {
            _fields ??= await ReadFieldsAsync(cancellationToken);
            foreach (var (field, value) in _fields)
            {
                if (key.Subject == Wire.SearchSubject.Text || field.Equals(key.Name, StringComparison.OrdinalIgnoreCase))
                {
                    needle.Look(value);
                }
            }
        }

        if (key.Subject != Wire.SearchSubject.Header && row.Content is { } content)
        {
            _body ??= MessageTexts.Body(content);
            _body.ForEach(needle.Look);
        }

        if (needle.Score == 0)
        {
            return false;
        }

        _scores = (_scores.Sum + needle.Score, _scores.Count + 1);
        return true;
    }

    internal static bool Contains(string text, string needle)
    {
        if (text.Contains(needle, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        // i;unicode-casemap (RFC 5051, RFC 5255 4.2); between two ASCII texts it finds no more than that.
        return !(Ascii.IsValid(needle) && Ascii.IsValid(text)) && Casemap.Fold(text).Contains(Casemap.Fold(needle), StringComparison.Ordinal);
    }

    private async ValueTask<List<(string Name, string Value)>> ReadFieldsAsync(CancellationToken cancellationToken) =>
        row.Content is { } content ? await MessageTexts.FieldsAsync(content, cancellationToken) : [];
}
