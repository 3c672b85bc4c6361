namespace MailPlus.Engine.MailAuth.Dkim;

/// <summary>Lists of tag=value (RFC 6376 3.2), as signatures and keys use them. Pure.</summary>
internal static class TagList
{
    private const int MostTags = 64;

    /// <summary>The tags by name, case-sensitive; null when the list breaks the grammar or names a tag twice.</summary>
    public static Dictionary<string, string>? Read(string text)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        var parts = text.Split(';');
        for (var i = 0; i < parts.Length; i++)
        {
            if (i == parts.Length - 1 && parts[i].AsSpan().Trim().IsEmpty && i > 0)
            {
                break; // the last semicolon may end the list
            }

            var equals = parts[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? "" : parts[i][..equals].Trim();
            if (name.Length == 0 || !char.IsAsciiLetter(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
                || tags.Count == MostTags || !tags.TryAdd(name, parts[i][(equals + 1)..].Trim()))
            {
                return null;
            }
        }

        return tags;
    }

    /// <summary>A value without any white space: base64, lists of names.</summary>
    public static string Dense(string value) => string.Concat(value.Where(c => c is not (' ' or '\t' or '\r' or '\n')));

    /// <summary>Octets of base64 with folding; null when it is none.</summary>
    public static byte[]? Base64(string value)
    {
        var dense = Dense(value);
        var octets = new byte[dense.Length];
        return dense.Length > 0 && Convert.TryFromBase64String(dense, octets, out var length) ? octets[..length] : null;
    }
}
