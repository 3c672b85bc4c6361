namespace MailPlus.Web.SignIn;

/// <summary>Names people know for what browsers call themselves.</summary>
internal static class BrowserNames
{
    // Order matters: Edge and Opera also say Chrome, Chrome also says Safari.
    private static readonly (string Sign, string Name)[] Browsers =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Whale/", "Whale"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];

    private static readonly (string Sign, string Name)[] Systems =
        [("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")];

    /// <summary>"Chrome, Windows", or the beginning of the text when nothing is known.</summary>
    public static string Of(string browser)
    {
        var names = new[] { First(Browsers, browser), First(Systems, browser) }.Where(name => name is not null).ToList();
        return names.Count > 0 ? string.Join(", ", names) : browser.Length > 60 ? browser[..60] : browser.Length > 0 ? browser : "?";
    }

    private static string? First((string Sign, string Name)[] known, string browser) =>
        known.FirstOrDefault(pair => browser.Contains(pair.Sign, StringComparison.Ordinal)).Name;
}
