namespace MailPlus.Engine.Tls.Acme;

/// <summary>Where the directory takes what (RFC 8555 section 7.1.1).</summary>
internal sealed record DirectoryAnswer(string? NewNonce, string? NewAccount, string? NewOrder);

/// <summary>An order (RFC 8555 section 7.1.3).</summary>
internal sealed record OrderAnswer(string? Status, IReadOnlyList<string>? Authorizations, string? Finalize, string? Certificate)
{
    public ProblemAnswer? Error { get; init; }
}

/// <summary>What the directory wants to see before it believes in a name (RFC 8555 section 7.1.4).</summary>
internal sealed record AuthorizationAnswer(string? Status, IdentifierAnswer? Identifier, IReadOnlyList<ChallengeAnswer>? Challenges);

/// <summary>A name.</summary>
internal sealed record IdentifierAnswer(string? Type, string? Value);

/// <summary>One way to prove a name (RFC 8555 section 8).</summary>
internal sealed record ChallengeAnswer(string? Type, string? Url, string? Token, ProblemAnswer? Error);

/// <summary>What went wrong (RFC 8555 section 6.7).</summary>
internal sealed record ProblemAnswer(string? Type, string? Detail)
{
    private const string Prefix = "urn:ietf:params:acme:error:";

    public IReadOnlyList<ProblemAnswer>? Subproblems { get; init; }

    /// <summary>The type without the prefix of ACME.</summary>
    public string Kind => (Type ?? "").StartsWith(Prefix, StringComparison.Ordinal) ? Type![Prefix.Length..] : Type ?? "";

    /// <summary>For people, as the directory said it.</summary>
    public string Text => AcmeException.Plain(string.Join("; ", new[] { Detail ?? Kind }.Concat((Subproblems ?? []).Take(5).Select(one => one.Detail ?? one.Kind))));
}
