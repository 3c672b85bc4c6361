using System.Collections.Concurrent;

namespace MailPlus.Engine.Tls.Acme;

/// <summary>What this server answers a certificate authority that looks whether a name leads here (HTTP-01, RFC 8555 section 8.3); only while an order is in hand.</summary>
public sealed class AcmeChallenges
{
    /// <summary>Where answers are found.</summary>
    public const string Path = "/.well-known/acme-challenge";

    private readonly ConcurrentDictionary<string, string> _answers = new(StringComparer.Ordinal);

    /// <summary>The answer to a token; null when nobody waits for it.</summary>
    public string? Find(string token) => _answers.GetValueOrDefault(token);

    internal void Offer(string token, string answer) => _answers[token] = answer;

    internal void Withdraw(string token) => _answers.TryRemove(token, out _);
}
