using System.Globalization;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.MailAuth.Dkim;

/// <summary>A signature field that was read: DKIM-Signature (RFC 6376 3.5) or ARC-Message-Signature (RFC 8617 4.1.2).</summary>
internal sealed record DkimSignature
{
    private const int MostNames = 1000;
    private const int LongestField = 64 * 1024;

    /// <summary>The field.</summary>
    public required HeaderField Field { get; init; }

    /// <summary>d=.</summary>
    public required string Domain { get; init; }

    /// <summary>s=.</summary>
    public required string Selector { get; init; }

    /// <summary>a= names Ed25519, else RSA.</summary>
    public bool IsEd25519 { get; init; }

    /// <summary>Header canonicalisation.</summary>
    public bool RelaxedHeader { get; init; }

    /// <summary>How the body is hashed.</summary>
    public BodyForm Form { get; init; }

    /// <summary>h=.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>bh=.</summary>
    public byte[] BodyHash { get; init; } = [];

    /// <summary>b=.</summary>
    public byte[] Signature { get; init; } = [];

    /// <summary>Domain of i=, by default d=.</summary>
    public string Identity { get; init; } = "";

    /// <summary>x=, null for never.</summary>
    public long? Expires { get; init; }

    /// <summary>Name of the key.</summary>
    public string KeyName => $"{Selector}._domainkey.{Domain}";

    /// <summary>Reads a field's value.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">Its value.</param>
    /// <param name="isArc">An ARC-Message-Signature: no version, i= is its instance.</param>
    /// <param name="fault">What is wrong with it, and how that counts.</param>
    public static DkimSignature? Read(HeaderField field, string value, bool isArc, out (AuthResult Result, string Detail) fault)
    {
        fault = (AuthResult.PermError, "cannot be read");
        if (value.Length > LongestField || TagList.Read(value) is not { } tags)
        {
            return null;
        }

        string Tag(string name) => tags.GetValueOrDefault(name, "");
        var domain = Tag("d").ToLowerInvariant();
        var selector = Tag("s").ToLowerInvariant();
        var names = TagList.Dense(Tag("h")).Split(':');
        var form = tags.TryGetValue("c", out var c) ? c.Split('/') : ["simple"];
        var body = form.Length == 2 ? form[1] : "simple";
        var known = form.Length <= 2 && form[0] is "simple" or "relaxed" && body is "simple" or "relaxed";
        var named = SpfNames.IsCheckable(domain) && SpfNames.IsName(selector) && SpfNames.IsName($"{selector}._domainkey.{domain}");
        var numbers = IsNumber(tags, "t") & IsNumber(tags, "x") & IsNumber(tags, "l");
        if ((!isArc && Tag("v") != "1") || !known || !named || !numbers || names.Length > MostNames || names.Any(name => name.Length == 0)
            || (tags.TryGetValue("q", out var query) && !TagList.Dense(query).Split(':').Contains("dns/txt")))
        {
            return null;
        }

        if (!isArc && !names.Contains("from", StringComparer.OrdinalIgnoreCase)) // RFC 6376 5.4
        {
            fault = (AuthResult.PermError, "From is not signed");
            return null;
        }

        if (Tag("a") is not ("rsa-sha256" or "ed25519-sha256"))
        {
            fault = Tag("a") == "rsa-sha1" ? (AuthResult.Policy, "rsa-sha1 proves nothing (RFC 8301)") : (AuthResult.PermError, "unknown algorithm");
            return null;
        }

        var identity = isArc || !tags.TryGetValue("i", out var i) ? domain : i[(i.LastIndexOf('@') + 1)..].ToLowerInvariant();
        if ((identity != domain && !identity.EndsWith("." + domain, StringComparison.Ordinal)) || TagList.Base64(Tag("b")) is not { } signature || TagList.Base64(Tag("bh")) is not { } hash)
        {
            return null;
        }

        return new DkimSignature
        {
            Field = field, Domain = domain, Selector = selector, IsEd25519 = Tag("a")[0] == 'e', RelaxedHeader = form[0] == "relaxed", Names = names, Signature = signature, BodyHash = hash,
            Form = new BodyForm(body == "relaxed", Number(tags, "l")), Identity = identity, Expires = Number(tags, "x"),
        };
    }

    private static bool IsNumber(Dictionary<string, string> tags, string name) => !tags.ContainsKey(name) || Number(tags, name) is not null;

    private static long? Number(Dictionary<string, string> tags, string name) =>
        tags.TryGetValue(name, out var text) && text.Length is > 0 and <= 12 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
