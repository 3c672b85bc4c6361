using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Server;

/// <summary>
/// Signs URLs and says whom they let in (RFC 4467). A token of the mechanism INTERNAL is a version octet and the HMAC-SHA-256 of the URL up to its access
/// identifier under the mailbox's key, in hexadecimal digits.
/// </summary>
internal sealed class UrlAuthority(ImapDependencies with)
{
    public const string Mechanism = "INTERNAL";

    private const string Version = "01";

    /// <summary>Why a URL cannot be signed for an account, null when it can (RFC 4467 7, GENURLAUTH).</summary>
    public string? Objection(AccountId account, ImapUrl? url) => url switch
    {
        null or { Server: null } or { Mailbox: "" } => "Not an absolute URL of a message",
        { Access: null } or { Verifier: not null } => "The URL must end in its access identifier",
        _ when !IsHere(url) || FindUser(url.User)?.Id != account => "The URL is not of this server and user",
        _ when !IsAccess(url.Access) => "Unknown access identifier",
        _ => null,
    };

    /// <summary>The URL with its token.</summary>
    public static string Sign(ImapUrl url, byte[] key) => $"{url.Rump}:internal:{Token(url, key)}";

    /// <summary>Whose mail a signed URL opens to a session; null when it opens nothing to it. That its token is true is still to be seen.</summary>
    public AccountId? Admit(AccountId reader, ImapUrl? url)
    {
        if (url is not { Server: not null, Access: { } access, Verifier: { } verifier, Mailbox.Length: > 0 } || !IsHere(url)
            || !verifier.Mechanism.Equals(Mechanism, StringComparison.OrdinalIgnoreCase) || url.Expires <= with.Clock.GetUtcNow())
        {
            return null;
        }

        // "submit+" is for submission servers, none of which signs in here.
        var isAdmitted = IsWord(access, "anonymous") || IsWord(access, "authuser")
            || (access.StartsWith("user+", StringComparison.OrdinalIgnoreCase) && FindUser(access[5..])?.Id == reader);
        return isAdmitted ? FindUser(url.User)?.Id : null;
    }

    /// <summary>Whether the token of a URL was made with the present key of its mailbox.</summary>
    public static async ValueTask<bool> IsTrueAsync(IAccountStore store, Mailbox mailbox, ImapUrl url, CancellationToken cancellationToken) =>
        await store.UrlKeyAsync(mailbox.Id, make: false, cancellationToken) is { } key
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(url.Verifier!.Value.Token.ToLowerInvariant()), Encoding.ASCII.GetBytes(Token(url, key)));

    private static string Token(ImapUrl url, byte[] key) => Version + Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(url.Rump)));

    private static bool IsAccess(string access) => IsWord(access, "anonymous") || IsWord(access, "authuser")
        || (access.StartsWith("user+", StringComparison.OrdinalIgnoreCase) && access.Length > 5) || (access.StartsWith("submit+", StringComparison.OrdinalIgnoreCase) && access.Length > 7);

    private static bool IsWord(string access, string word) => access.Equals(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>An account that may use its mail.</summary>
    private Account? FindUser(string name) => name.Length > 0 && with.AddressBook.FindByLogin(name) is { State: AccountState.Active } account ? account : null;

    /// <summary>The URL names this server; a server without a name goes by any.</summary>
    private bool IsHere(ImapUrl url)
    {
        var host = with.Settings.Current.Smtp.Hostname;
        var colon = url.Server!.LastIndexOf(':');
        return host.Length == 0 || host.Equals(colon > 0 ? url.Server[..colon] : url.Server, StringComparison.OrdinalIgnoreCase);
    }
}
