using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts.Sasl;

/// <summary>
/// EXTERNAL (RFC 4422 Appendix A): the client's certificate, vouched for by an authority an administrator named, says who it is by an e-mail address of an account.
/// The response may name which of several addresses.
/// </summary>
internal sealed class ExternalExchange(SignInGate gate, IReadOnlyList<string> addresses, SaslChannel channel) : SaslExchange
{
    private const int LongestName = 320;

    public override async ValueTask<SaslStep> TakeAsync(byte[] response, CancellationToken cancellationToken)
    {
        var wanted = SaslText.Read(response);
        if (wanted.Length > LongestName)
        {
            throw new SaslSyntaxException();
        }

        List<SignInAttempt> attempts = [];
        foreach (var address in addresses)
        {
            var attempt = await BeginAsync(address, cancellationToken);
            if (attempt.Entry is { } found && attempts.All(other => other.Entry!.Account.Id != found.Account.Id))
            {
                attempts.Add(attempt);
            }
        }

        if (wanted.Length > 0)
        {
            var meant = await BeginAsync(wanted, cancellationToken);
            var isOwn = meant.Entry is { } entry && attempts.Any(attempt => attempt.Entry!.Account.Id == entry.Account.Id);
            return new SaslStep(default, await gate.EndAsync(meant, isOwn, cancellationToken));
        }

        // Several accounts and no word which: nobody.
        var only = attempts is [var one] ? one : await BeginAsync(addresses[0], cancellationToken);
        return new SaslStep(default, await gate.EndAsync(only, attempts.Count == 1, cancellationToken));
    }

    private ValueTask<SignInAttempt> BeginAsync(string name, CancellationToken cancellationToken) => gate.BeginAsync(name, channel.Protocol, channel.Client, cancellationToken);
}
