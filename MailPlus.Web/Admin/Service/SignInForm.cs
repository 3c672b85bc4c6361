using System.Security.Cryptography;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Web.Admin.Service;

/// <summary>What Service &gt; Sign-in edits: a draft of the settings of SASL EXTERNAL and of OAUTHBEARER, with the authorities as typed or pasted.</summary>
internal sealed class SignInForm
{
    private const string Label = "CERTIFICATE";
    private static readonly SecuritySettings Defaults = new();
    private string _authorities;

    public SignInForm(SecuritySettings saved)
    {
        Saved = Draft = saved;
        _authorities = ToText(saved.ClientAuthorities);
    }

    /// <summary>The settings of the page in the order they are shown.</summary>
    public static IReadOnlyList<string> Settings { get; } =
        ["Security.ClientAuthorities", "Security.TokenIntrospectionUrl", "Security.TokenClientId", "Security.TokenClientSecret", "Security.TokenScope"];

    /// <summary>What is in force; a secret reads as its mask.</summary>
    public SecuritySettings Saved { get; }

    /// <summary>What it would become.</summary>
    public SecuritySettings Draft { get; set; }

    /// <summary>The authorities as PEM, the form in which people have them.</summary>
    public string Authorities
    {
        get => _authorities;
        set
        {
            _authorities = value;
            Draft = Draft with { ClientAuthorities = Read(value) };
        }
    }

    /// <summary>Names of the settings that differ from what is in force.</summary>
    public IReadOnlyList<string> Changed() => [.. Settings.Where(name => Value(name, Saved) != Value(name, Draft))];

    public static bool IsDefault(string name, SecuritySettings settings) => Value(name, settings) == Value(name, Defaults);

    /// <summary>A setting's value as text that compares by content.</summary>
    public static string Value(string name, SecuritySettings settings) => name switch
    {
        "Security.ClientAuthorities" => string.Join('\n', settings.ClientAuthorities),
        "Security.TokenIntrospectionUrl" => settings.TokenIntrospectionUrl,
        "Security.TokenClientId" => settings.TokenClientId,
        "Security.TokenClientSecret" => settings.TokenClientSecret,
        _ => settings.TokenScope,
    };

    /// <summary>Changes one of the single-line settings.</summary>
    public void Set(string name, string value) => Draft = name switch
    {
        "Security.TokenIntrospectionUrl" => Draft with { TokenIntrospectionUrl = value.Trim() },
        "Security.TokenClientId" => Draft with { TokenClientId = value.Trim() },
        "Security.TokenClientSecret" => Draft with { TokenClientSecret = value },
        _ => Draft with { TokenScope = value.Trim() },
    };

    /// <summary>Certificates of a PEM text, each as base64 of its DER; without any, each line is taken for one, so that a wrong one is refused by its setting's rule.</summary>
    internal static IReadOnlyList<string> Read(string text)
    {
        var found = new List<string>();
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            if (rest[fields.Label] is Label)
            {
                found.Add(string.Concat(rest[fields.Base64Data].ToString().Where(letter => !char.IsWhiteSpace(letter))));
            }

            rest = rest[fields.Location.End..];
        }

        return found.Count > 0 ? found : text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    private static string ToText(IReadOnlyList<string> authorities) =>
        string.Join('\n', authorities.Select(authority => $"-----BEGIN {Label}-----\n{string.Join('\n', authority.Chunk(64).Select(line => new string(line)))}\n-----END {Label}-----"));
}
