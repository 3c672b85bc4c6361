using System.Text.Json;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Domains.Disclaimers;

/// <summary>Which disclaimer a message gets, and how one is kept.</summary>
internal static class DisclaimerRules
{
    /// <summary>The first that fits, from top to bottom (DOM-111, DOM-121).</summary>
    /// <param name="disclaimers">In order.</param>
    /// <param name="sender">MAIL FROM.</param>
    /// <param name="recipients">RCPT TO.</param>
    /// <param name="isOurs">Whether an address is in the domain or one of its additional ones.</param>
    public static DisclaimerDraft? Choose(IReadOnlyList<DisclaimerDraft> disclaimers, EmailAddress sender, IReadOnlyList<EmailAddress> recipients, Func<EmailAddress, bool> isOurs)
    {
        return disclaimers.FirstOrDefault(one => one.IsEnabled && !(one.OnlyOutward && recipients.All(isOurs)) && !one.Exceptions.Any(IsMet)
            && (one.Rules.Count == 0 || (one.NeedsAll ? one.Rules.All(IsMet) : one.Rules.Any(IsMet))));

        bool IsMet(DisclaimerCondition condition) => condition.Subject == DisclaimerSubject.Sender
            ? Fits(sender.ToDisplayString(), condition.Pattern)
            : recipients.Any(recipient => Fits(recipient.ToDisplayString(), condition.Pattern));
    }

    /// <summary>Whether a text fits a pattern, case aside: without a regular expression, in time linear in both.</summary>
    public static bool Fits(string text, string pattern)
    {
        var parts = pattern.Split('*');
        if (parts.Length == 1)
        {
            return text.Equals(pattern, StringComparison.OrdinalIgnoreCase);
        }

        if (text.Length < parts[0].Length + parts[^1].Length || !text.StartsWith(parts[0], StringComparison.OrdinalIgnoreCase) || !text.EndsWith(parts[^1], StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var (at, end) = (parts[0].Length, text.Length - parts[^1].Length);
        foreach (var part in parts[1..^1])
        {
            var found = text.IndexOf(part, at, end - at, StringComparison.OrdinalIgnoreCase);
            if (found < 0)
            {
                return false;
            }

            at = found + part.Length;
        }

        return true;
    }

    public static DisclaimerDraft Read(DisclaimerRow row)
    {
        var kept = JsonSerializer.Deserialize<Kept>(row.Conditions) ?? new Kept([], []);
        return new DisclaimerDraft(row.Name) { IsEnabled = row.IsEnabled, OnlyOutward = row.OnlyOutward, NeedsAll = row.NeedsAll, Rules = kept.Rules, Exceptions = kept.Exceptions, Html = row.Html, Plain = row.Plain };
    }

    public static void Write(DisclaimerDraft draft, DisclaimerRow row)
    {
        (row.Name, row.IsEnabled, row.OnlyOutward, row.NeedsAll) = (draft.Name, draft.IsEnabled, draft.OnlyOutward, draft.NeedsAll);
        (row.Html, row.Plain, row.Conditions) = (draft.Html, draft.Plain, JsonSerializer.Serialize(new Kept(draft.Rules, draft.Exceptions)));
    }

    private sealed record Kept(IReadOnlyList<DisclaimerCondition> Rules, IReadOnlyList<DisclaimerCondition> Exceptions);
}
