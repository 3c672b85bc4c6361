using System.Text;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>What URLFETCH is to say of a URL (RFC 5524 3.1).</summary>
[Flags]
internal enum UrlParts
{
    /// <summary>The octets, in the plain form of RFC 4467.</summary>
    None = 0,

    /// <summary>BODY: the octets as they are.</summary>
    Body = 1,

    /// <summary>BINARY: the octets without their transfer encoding.</summary>
    Binary = 2,

    /// <summary>BODYPARTSTRUCTURE: what they are.</summary>
    Structure = 4,
}

/// <summary>Arguments of GENURLAUTH and URLFETCH (RFC 4467 9, RFC 5524 5).</summary>
internal static class UrlArguments
{
    private const int MaxUrls = 100;

    /// <summary>URLs to be signed, each with its mechanism.</summary>
    public static List<(string Url, string Mechanism)> ReadGenerate(CommandText command)
    {
        var reader = command.Read();
        var urls = new List<(string Url, string Mechanism)>();
        do
        {
            reader.Space();
            var url = ReadUrl(ref reader, urls.Count);
            reader.Space();
            urls.Add((url, reader.Word()));
        }
        while (!reader.AtEnd);
        return urls;
    }

    /// <summary>URLs to be fetched.</summary>
    public static List<(string Url, UrlParts Parts)> ReadFetch(CommandText command)
    {
        var reader = command.Read();
        var urls = new List<(string Url, UrlParts Parts)>();
        do
        {
            reader.Space();
            if (reader.TryTake((byte)'('))
            {
                var url = ReadUrl(ref reader, urls.Count);
                urls.Add((url, ReadParts(ref reader)));
            }
            else
            {
                urls.Add((ReadUrl(ref reader, urls.Count), UrlParts.None));
            }
        }
        while (!reader.AtEnd);
        return urls;
    }

    /// <summary>The mailbox of RESETKEY and mechanisms, which there is only one of; "" for all mailboxes.</summary>
    public static string ReadReset(CommandText command)
    {
        var reader = command.Read();
        if (reader.AtEnd)
        {
            return "";
        }

        reader.Space();
        var mailbox = reader.Mailbox();
        while (!reader.AtEnd)
        {
            reader.Space();
            reader.Word();
        }

        return mailbox;
    }

    private static string ReadUrl(ref ArgumentReader reader, int count)
    {
        var url = reader.AString();
        return count < MaxUrls && url.Length <= ImapUrl.MaxLength ? Encoding.Latin1.GetString(url) : throw new SyntaxException("Too many or too long URLs");
    }

    private static UrlParts ReadParts(ref ArgumentReader reader)
    {
        var parts = UrlParts.None;
        while (!reader.TryTake((byte)')'))
        {
            reader.Space();
            var part = reader.Word() switch
            {
                "BODY" => UrlParts.Body,
                "BINARY" => UrlParts.Binary,
                "BODYPARTSTRUCTURE" => UrlParts.Structure,
                _ => throw new SyntaxException("Unknown URLFETCH parameter"),
            };
            parts = (parts & part) == 0 ? parts | part : throw new SyntaxException("A URLFETCH parameter twice");
        }

        return parts.HasFlag(UrlParts.Body | UrlParts.Binary) ? throw new SyntaxException("BODY and BINARY exclude each other") : parts;
    }
}
