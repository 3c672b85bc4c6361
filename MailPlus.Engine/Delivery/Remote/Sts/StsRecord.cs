namespace MailPlus.Engine.Delivery.Remote.Sts;

/// <summary>The TXT record that says that there is a policy, and which one (RFC 8461 3.1).</summary>
internal static class StsRecord
{
    private const int LongestId = 32;

    /// <summary>The id of the policy.</summary>
    /// <returns>Null when there is not exactly one good record.</returns>
    public static string? Id(IReadOnlyList<string> texts)
    {
        var records = texts.Where(IsRecord).ToList();
        if (records.Count != 1)
        {
            return null;
        }

        foreach (var field in records[0].Split(';').Skip(1))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && field[..equals].Trim() == "id")
            {
                var id = field[(equals + 1)..].Trim();
                return id.Length is > 0 and <= LongestId && id.All(char.IsAsciiLetterOrDigit) ? id : null;
            }
        }

        return null;
    }

    private static bool IsRecord(string text)
    {
        var end = text.IndexOf(';', StringComparison.Ordinal);
        return end > 0 && text[..end].TrimEnd() == "v=STSv1";
    }
}
