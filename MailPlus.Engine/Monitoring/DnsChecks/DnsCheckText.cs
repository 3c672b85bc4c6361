using System.Globalization;
using System.Resources;

namespace MailPlus.Engine.Monitoring.DnsChecks;

/// <summary>The words of checks from <c>DnsTexts.resx</c>.</summary>
public static class DnsCheckText
{
    private static readonly ResourceManager Texts = new("MailPlus.Engine.Monitoring.DnsChecks.DnsTexts", typeof(DnsCheckText).Assembly);

    /// <summary>What was seen, and what is wrong with it.</summary>
    public static string What(DnsCheck check, CultureInfo culture) => string.Format(culture, Find(check.TextKey, culture), [.. check.Arguments]);

    /// <summary>Why it matters.</summary>
    public static string Why(DnsSubject subject, CultureInfo culture) => Find($"Why{subject}", culture);

    private static string Find(string key, CultureInfo culture) => Texts.GetString(key, culture) ?? key;
}
