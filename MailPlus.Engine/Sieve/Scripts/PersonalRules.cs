using System.Globalization;
using System.Text;
using System.Text.Json;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Sieve.Scripts;

/// <summary>Whom an automatic answer goes to (WEB-120).</summary>
public enum AnswerScope
{
    /// <summary>Whoever writes.</summary>
    Everyone,

    /// <summary>Whoever writes from a domain of the account's own addresses.</summary>
    OwnDomain,
}

/// <summary>
/// Automatic answer and forwarding as the user chose them (WEB-118 to WEB-122). They run as Sieve beside the user's own script, which they neither read nor change.
/// </summary>
public sealed record PersonalRules
{
    /// <summary>Most addresses mail is forwarded to.</summary>
    public const int MaximumTargets = 16;

    private const int LongestSubject = 200;
    private const int LongestText = 20_000;
    private const int LongestPause = 60;

    /// <summary>Answers by itself.</summary>
    public bool Answers { get; init; }

    /// <summary>Subject of the answer; empty for one made of the message's.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Text of the answer.</summary>
    public string Text { get; init; } = "";

    /// <summary>First day of answers, null for at once.</summary>
    public DateOnly? FirstDay { get; init; }

    /// <summary>Last day of answers, null for no end.</summary>
    public DateOnly? LastDay { get; init; }

    /// <summary>Whom it goes to.</summary>
    public AnswerScope Scope { get; init; }

    /// <summary>Days until the same sender is answered again (WEB-119).</summary>
    public int PauseDays { get; init; } = 1;

    /// <summary>Forwards.</summary>
    public bool Forwards { get; init; }

    /// <summary>Where to.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The message stays in the mailbox too (WEB-122).</summary>
    public bool KeepsCopy { get; init; } = true;

    /// <summary>Something of it has a say in deliveries.</summary>
    public bool IsOn => Answers || (Forwards && Targets.Count > 0);

    /// <summary>What is wrong with it, null when nothing is.</summary>
    public Refusal? Objection()
    {
        if (Answers && string.IsNullOrWhiteSpace(Text))
        {
            return Wrong("text");
        }

        if (Subject.Length > LongestSubject || Subject.Any(char.IsControl))
        {
            return Wrong("subject");
        }

        if (Text.Length > LongestText)
        {
            return Wrong("text");
        }

        if (PauseDays is < 1 or > LongestPause)
        {
            return Wrong("pauseDays");
        }

        if (LastDay < FirstDay)
        {
            return Wrong("lastDay");
        }

        return Targets.Count > MaximumTargets || (Forwards && Targets.Count == 0) || Targets.Any(target => !EmailAddress.TryParse(target, out _)) ? Wrong("targets") : null;
    }

    internal byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this);

    internal static PersonalRules Read(ReadOnlySpan<byte> text) => JsonSerializer.Deserialize<PersonalRules>(text) ?? new PersonalRules();

    /// <summary>The script they come to.</summary>
    /// <param name="ownDomains">Domains of the account's addresses.</param>
    internal string ToSieve(IEnumerable<string> ownDomains)
    {
        var script = new StringBuilder("require [\"vacation\", \"vacation-seconds\", \"date\", \"relational\", \"envelope\", \"copy\"];\r\n");
        if (Answers)
        {
            List<string> conditions = ["true"];
            if (FirstDay is { } first)
            {
                conditions.Add($"currentdate :value \"ge\" \"date\" {Day(first)}");
            }

            if (LastDay is { } last)
            {
                conditions.Add($"currentdate :value \"le\" \"date\" {Day(last)}");
            }

            if (Scope == AnswerScope.OwnDomain)
            {
                conditions.Add($"envelope :domain :is \"from\" [{string.Join(", ", ownDomains.Distinct(StringComparer.OrdinalIgnoreCase).Select(Quoted))}]");
            }

            // The first day is part of the handle: a sender answered in the last absence is answered anew in this one.
            script.Append(CultureInfo.InvariantCulture, $"if allof({string.Join(", ", conditions)}) {{\r\n  vacation :seconds {PauseDays * 86400} :handle {Quoted($"personal {FirstDay:yyyy-MM-dd}")}");
            script.Append(Subject.Length > 0 ? $" :subject {Quoted(Subject)}" : "").Append(' ').Append(Quoted(Text)).Append(";\r\n}\r\n");
        }

        foreach (var target in Forwards ? Targets : [])
        {
            script.Append("redirect ").Append(KeepsCopy ? ":copy " : "").Append(Quoted(target)).Append(";\r\n");
        }

        return script.ToString();
    }

    private static string Day(DateOnly day) => Quoted(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal)}\"";

    private static Refusal Wrong(string field) => new(RefusalKind.Invalid, "PersonalRulesInvalid") { Field = field, Arguments = [field] };
}
