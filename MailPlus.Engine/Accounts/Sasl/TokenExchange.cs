using System.Text;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts.Sasl;

/// <summary>Says whose a bearer token is.</summary>
public interface ITokenCheck
{
    /// <summary>Whether tokens can be checked now; else no token mechanism is announced.</summary>
    bool IsConfigured { get; }

    /// <summary>The log-in name or an address of the account a token was issued to; null when the token is not good.</summary>
    /// <exception cref="RefusedException">Unavailable: the checker cannot be reached.</exception>
    ValueTask<string?> CheckAsync(string token, CancellationToken cancellationToken);
}

/// <summary>OAUTHBEARER (RFC 7628) and its forerunner XOAUTH2: a token in place of a password. A token that is not good is told by a challenge, answered by an empty response, and then refused.</summary>
internal sealed class TokenExchange(SignInGate gate, ITokenCheck tokens, SaslChannel channel) : SaslExchange
{
    private const char Separator = '\x01';
    private const int LongestToken = 8 * 1024;
    private static readonly byte[] NotGood = Encoding.ASCII.GetBytes("{\"status\":\"invalid_token\"}");

    private SignInAttempt? _failed;

    /// <summary>OAUTHBEARER: a GS2 header stands before the fields.</summary>
    public bool HasHeader { get; init; }

    public override async ValueTask<SaslStep> TakeAsync(byte[] response, CancellationToken cancellationToken)
    {
        if (_failed is { } failed)
        {
            return new SaslStep(default, await gate.EndAsync(failed, false, cancellationToken));
        }

        var (name, token) = Read(SaslText.Read(response));
        var attempt = await gate.BeginAsync(name, channel.Protocol, channel.Client, cancellationToken);
        var owner = await tokens.CheckAsync(token, cancellationToken);
        var own = owner is { Length: > 0 } ? await gate.BeginAsync(owner, channel.Protocol, channel.Client, cancellationToken) : null;
        if (own?.Entry is { } entry && (name.Length == 0 || attempt.Entry?.Account.Id == entry.Account.Id))
        {
            return new SaslStep(default, await gate.EndAsync(own, true, cancellationToken));
        }

        _failed = attempt;
        return new SaslStep(NotGood);
    }

    private (string Name, string Token) Read(string message)
    {
        var fields = message.Split(Separator);
        var name = "";
        if (HasHeader)
        {
            // gs2-header "n," [ "a=" name ] "," (RFC 7628 3.1); no channel binding exists for it.
            if (fields[0].Split(',') is not ["n" or "y", var identity, ""] || identity.Length > 0 && !identity.StartsWith("a=", StringComparison.Ordinal))
            {
                throw new SaslSyntaxException();
            }

            name = identity.Length > 0 ? identity[2..].Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal) : "";
        }

        name = HasHeader ? name : Field(fields, "user=") ?? throw new SaslSyntaxException();
        var authorization = Field(fields, "auth=") ?? "";
        const string Bearer = "Bearer ";
        if (fields is not [.., "", ""] || !authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            throw new SaslSyntaxException();
        }

        var token = authorization[Bearer.Length..].Trim();
        return token.Length is > 0 and <= LongestToken && token.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 ? (name, token) : throw new SaslSyntaxException();
    }

    private static string? Field(string[] fields, string head) => fields.FirstOrDefault(field => field.StartsWith(head, StringComparison.Ordinal))?[head.Length..];
}
