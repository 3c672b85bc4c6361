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

        var attempts = addresses.Select(address => gate.Begin(address, channel.Protocol, channel.Client)).Where(attempt => attempt.Entry is not null)
            .DistinctBy(attempt => attempt.Entry!.Account.Id).ToList();
        if (wanted.Length > 0)
        {
            var meant = gate.Begin(wanted, channel.Protocol, channel.Client);
            var isOwn = meant.Entry is { } entry && attempts.Any(attempt => attempt.Entry!.Account.Id == entry.Account.Id);
            return new SaslStep(default, await gate.EndAsync(meant, isOwn, cancellationToken));
        }

        // Several accounts and no word which: nobody.
        var only = attempts is [var one] ? one : gate.Begin(addresses[0], channel.Protocol, channel.Client);
        return new SaslStep(default, await gate.EndAsync(only, attempts.Count == 1, cancellationToken));
    }
}
