using System.Security.Cryptography;
using System.Text;

namespace MailPlus.Engine.Accounts.Credentials;

/// <summary>The form of app passwords: sixteen of thirty-two letters and digits nobody takes for one another, 80 random bits, in groups of four.</summary>
internal static class AppPasswordText
{
    private const string Letters = "abcdefghijkmnpqrstuvwxyz23456789";
    private const int Length = 16;
    private const int Group = 4;

    /// <summary>A new one as people see it.</summary>
    internal static string Make()
    {
        var letters = RandomNumberGenerator.GetString(Letters, Length);
        return string.Join('-', Enumerable.Range(0, Length / Group).Select(group => letters.Substring(group * Group, Group)));
    }

    /// <summary>What is kept of it, null when a text has not the form of one. Hyphens, spaces and capitals do not matter.</summary>
    internal static string? Hash(string text)
    {
        var bare = Bare(text);
        return bare is null ? null : Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(bare)));
    }

    private static string? Bare(string text)
    {
        if (text.Length is < Length or > Length * 2)
        {
            return null;
        }

        var bare = string.Concat(text.Where(c => c is not ('-' or ' '))).ToLowerInvariant();
        return bare.Length == Length && bare.All(c => Letters.Contains(c, StringComparison.Ordinal)) ? bare : null;
    }
}
