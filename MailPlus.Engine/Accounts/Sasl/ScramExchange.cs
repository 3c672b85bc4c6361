using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts.Sasl;

/// <summary>
/// SCRAM-SHA-256 and -PLUS (RFC 5802, RFC 7677) with channel binding tls-server-end-point. A name nobody has gets a salt made by a key of this server, and is refused
/// at the same step after the same work as a wrong password. The verifier is the account's own; no password is ever seen.
/// </summary>
internal sealed class ScramExchange(SignInGate gate, ReadOnlyMemory<byte> secret, SaslChannel channel) : SaslExchange
{
    private const int LongestMessage = 4096;
    private const int NonceOctets = 18;

    private SignInAttempt? _attempt;
    private ScramVerifier? _verifier;
    private Actor? _actor;
    private string _header = "";
    private string _clientFirst = "";
    private string _serverFirst = "";
    private string _nonce = "";

    /// <summary>The -PLUS variant.</summary>
    public bool Binds { get; init; }

    /// <summary>-PLUS is offered on this channel: a client that could bind but believes it cannot has been lied to (RFC 5802 6).</summary>
    public bool SaysPlus { get; init; }

    public override async ValueTask<SaslStep> TakeAsync(byte[] response, CancellationToken cancellationToken)
    {
        if (_actor is not null)
        {
            // The server's signature went out as a challenge: none of the protocols carries data with success.
            return response.Length == 0 ? new SaslStep(default, _actor) : throw new SaslSyntaxException();
        }

        if (response.Length > LongestMessage)
        {
            throw new SaslSyntaxException();
        }

        return _attempt is null ? await FirstAsync(SaslText.Read(response), cancellationToken) : await FinalAsync(_attempt, SaslText.Read(response), cancellationToken);
    }

    private async ValueTask<SaslStep> FirstAsync(string message, CancellationToken cancellationToken)
    {
        var parts = message.Split(',', 3);
        if (parts.Length != 3)
        {
            throw new SaslSyntaxException();
        }

        CheckBinding(parts[0]);
        var fields = parts[2].Split(',');
        if (fields.Length < 2 || !fields[0].StartsWith("n=", StringComparison.Ordinal) || !fields[1].StartsWith("r=", StringComparison.Ordinal) || !IsNonce(fields[1].AsSpan(2)))
        {
            throw new SaslSyntaxException(); // "m=" too: an extension that must be understood
        }

        var name = Unescape(fields[0][2..]);
        if (parts[1].Length > 0)
        {
            SaslText.RequireSelf(parts[1].StartsWith("a=", StringComparison.Ordinal) ? Unescape(parts[1][2..]) : throw new SaslSyntaxException(), name);
        }

        _header = $"{parts[0]},{parts[1]},";
        _clientFirst = parts[2];
        _nonce = fields[1][2..] + Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceOctets));
        _attempt = await gate.BeginAsync(name, channel.Protocol, channel.Client, cancellationToken);
        _verifier = ScramVerifier.Parse(_attempt.Entry?.ScramVerifier) ?? ScramVerifier.ForNobody(secret.Span, Alias(_attempt.Key));
        _serverFirst = $"r={_nonce},s={Convert.ToBase64String(_verifier.Salt)},i={_verifier.Iterations}";
        return new SaslStep(Encoding.UTF8.GetBytes(_serverFirst));
    }

    private async ValueTask<SaslStep> FinalAsync(SignInAttempt attempt, string message, CancellationToken cancellationToken)
    {
        var at = message.LastIndexOf(",p=", StringComparison.Ordinal);
        var fields = at < 0 ? [] : message[..at].Split(',');
        var proof = new byte[SHA256.HashSizeInBytes];
        if (fields.Length < 2 || !fields[0].StartsWith("c=", StringComparison.Ordinal) || !fields[1].StartsWith("r=", StringComparison.Ordinal)
            || !Convert.TryFromBase64String(message[(at + 3)..], proof, out var length) || length != proof.Length)
        {
            throw new SaslSyntaxException();
        }

        byte[] bound = [.. Encoding.UTF8.GetBytes(_header), .. Binds ? channel.EndPointBinding.Span : default];
        var words = Encoding.UTF8.GetBytes($"{_clientFirst},{_serverFirst},{message[..at]}");
        var isProven = _verifier!.Proves(words, proof) & fields[0].AsSpan(2).SequenceEqual(Convert.ToBase64String(bound)) & fields[1].AsSpan(2).SequenceEqual(_nonce);
        _actor = await gate.EndAsync(attempt, isProven, cancellationToken);
        return new SaslStep(Encoding.ASCII.GetBytes("v=" + Convert.ToBase64String(_verifier.Sign(words))));
    }

    /// <summary>The first field of the GS2 header (RFC 5801 4).</summary>
    private void CheckBinding(string flag)
    {
        if (flag == "y" && SaysPlus)
        {
            throw new RefusedException(new Refusal(RefusalKind.AuthenticationFailed, "AuthenticationFailed") { Detail = "SCRAM: the client did not see -PLUS being offered" });
        }

        if (Binds ? flag != "p=tls-server-end-point" : flag is not ("n" or "y"))
        {
            throw new SaslSyntaxException();
        }
    }

    /// <summary>A name and the address it would have at a domain hosted here get the same salt, as those of a real account do.</summary>
    private string Alias(string key)
    {
        var at = key.LastIndexOf('@');
        return at > 0 && DomainName.TryParse(key[(at + 1)..], out var domain) && gate.IsLocal(domain) ? key[..at] : key;
    }

    private static bool IsNonce(ReadOnlySpan<char> nonce) => nonce.Length is > 0 and <= 512 && nonce.IndexOfAnyExceptInRange('!', '~') < 0;

    /// <summary>saslname (RFC 5802 7): ',' and '=' stand as =2C and =3D, no other '='.</summary>
    private static string Unescape(string name)
    {
        var plain = name.Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "\0", StringComparison.Ordinal);
        return name.Length == 0 || name.Contains('\0', StringComparison.Ordinal) || plain.Contains('=', StringComparison.Ordinal) ? throw new SaslSyntaxException() : plain.Replace('\0', '=');
    }
}
