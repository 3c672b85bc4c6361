using MailPlus.Engine.MailAuth.Arc;
using MailPlus.Engine.MailAuth.Dkim;
using MailPlus.Engine.MailAuth.Dmarc;
using MailPlus.Engine.MailAuth.Spf;

namespace MailPlus.Engine.MailAuth;

/// <summary>What could be learned of who sent a message: a fact, on which other parts act. A method that is switched off is null.</summary>
public sealed record MessageAuthentication
{
    /// <summary>SPF.</summary>
    public SpfOutcome? Spf { get; init; }

    /// <summary>DKIM signatures from the top.</summary>
    public IReadOnlyList<DkimOutcome>? Dkim { get; init; }

    /// <summary>ARC.</summary>
    public ArcOutcome? Arc { get; init; }

    /// <summary>DMARC.</summary>
    public DmarcOutcome? Dmarc { get; init; }

    /// <summary>The best result of all signatures, null when DKIM is off.</summary>
    public AuthResult? DkimResult => Dkim is null ? null : Dkim.Any(o => o.Result == AuthResult.Pass) ? AuthResult.Pass : Dkim.Count == 0 ? AuthResult.None : Dkim[0].Result;

    /// <summary>One line for logs: "spf=pass dkim=fail dmarc=pass".</summary>
    public string ToLine()
    {
        var words = new List<string>();
        Add("spf", Spf?.Result, Spf?.Detail);
        Add("dkim", DkimResult, DkimResult == AuthResult.Pass ? "" : Dkim?.FirstOrDefault()?.Detail);
        Add("dmarc", Dmarc?.Result, Dmarc?.Detail);
        Add("arc", Arc?.Result == AuthResult.None ? null : Arc?.Result, Arc?.Detail);
        return string.Join(' ', words);

        void Add(string method, AuthResult? result, string? detail)
        {
            if (result is { } known)
            {
                words.Add(detail is { Length: > 0 } ? $"{method}={known.Word()} ({AuthenticationResults.Plain(detail)})" : $"{method}={known.Word()}");
            }
        }
    }
}
