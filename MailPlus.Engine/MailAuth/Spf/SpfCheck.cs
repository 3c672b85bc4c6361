using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Resolver;

namespace MailPlus.Engine.MailAuth.Spf;

/// <summary>Evaluates SPF policies (RFC 7208): may this client send mail for this domain?</summary>
/// <param name="resolver">DNS.</param>
/// <param name="clock">Clock.</param>
public sealed class SpfCheck(IDnsResolver resolver, TimeProvider clock)
{
    /// <summary>RFC 7208 4.6.4: an evaluation may take 20 seconds, then it is a temporary error.</summary>
    public static readonly TimeSpan DefaultTimeLimit = TimeSpan.FromSeconds(20);

    /// <summary>Answers, never later than the time limit and never by an exception of DNS.</summary>
    public async Task<SpfOutcome> CheckAsync(SpfQuestion question, TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        var identity = question.Sender.Length > 0 ? SpfIdentity.MailFrom : SpfIdentity.Helo;
        var at = question.Sender.LastIndexOf('@');
        var domain = (question.Sender.Length == 0 ? question.Helo : question.Sender[(at + 1)..]).TrimEnd('.').ToLowerInvariant();
        var local = at > 0 ? question.Sender[..at] : "postmaster"; // 4.3
        if (!SpfNames.IsCheckable(domain))
        {
            return new SpfOutcome(AuthResult.None, identity, "");
        }

        using var limit = new CancellationTokenSource(timeLimit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var client = question.Client.IsIPv4MappedToIPv6 ? question.Client.MapToIPv4() : question.Client;
        if (client.AddressFamily == AddressFamily.InterNetworkV6 && client.ScopeId != 0)
        {
            client = new IPAddress(client.GetAddressBytes());
        }

        var evaluation = new SpfEvaluation(resolver, new SpfSubject(client, local, domain, question.Helo) { Receiver = question.Receiver, Time = clock.GetUtcNow() });
        try
        {
            var (result, mechanism) = await evaluation.CheckHostAsync(domain, 0, both.Token);
            return new SpfOutcome(result, identity, domain) { Mechanism = mechanism, Detail = evaluation.Fault, Explanation = result == AuthResult.Fail ? evaluation.Explanation : "" };
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new SpfOutcome(AuthResult.TempError, identity, domain) { Detail = "the time limit passed" };
        }
    }
}

/// <summary>What stays the same through an evaluation.</summary>
/// <param name="Client">The peer; IPv4 when it was mapped.</param>
/// <param name="Local">Local part of the sender.</param>
/// <param name="SenderDomain">Domain of the sender.</param>
/// <param name="Helo">HELO name.</param>
internal sealed record SpfSubject(IPAddress Client, string Local, string SenderDomain, string Helo)
{
    /// <summary>This server.</summary>
    public string Receiver { get; init; } = "";

    /// <summary>Now.</summary>
    public DateTimeOffset Time { get; init; }
}

/// <summary>Names as SPF sees them.</summary>
internal static class SpfNames
{
    /// <summary>Octets of a name in DNS.</summary>
    public const int LongestName = 253;

    /// <summary>RFC 7208 4.3: several labels, none empty, none over 63 octets, no address literal.</summary>
    public static bool IsCheckable(string domain) => IsName(domain) && domain.Contains('.', StringComparison.Ordinal);

    /// <summary>A name that DNS can hold.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name[0] != '[' && name.Split('.').All(label => label.Length is > 0 and <= 63);
}
