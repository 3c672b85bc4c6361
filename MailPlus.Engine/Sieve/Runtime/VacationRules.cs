using MailPlus.Engine.Sieve.Extensions;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>When an answer would be a nuisance (RFC 5230 4.5, 4.6; RFC 3834 2).</summary>
internal static class VacationRules
{
    private static readonly string[] ListFields = ["List-Id", "List-Unsubscribe", "List-Post", "List-Help", "List-Owner", "List-Archive", "List-Subscribe", "Mailing-List"];
    private static readonly string[] RecipientFields = ["To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"];

    public static bool MayAnswer(SieveRun run, VacationAction vacation, ISieveOutlet outlet)
    {
        var sender = run.Envelope.From;
        if (string.IsNullOrEmpty(sender) || IsRobot(sender) || IsBulk(run.Message))
        {
            return false;
        }

        return !Own(run, vacation, outlet).Contains(sender) && OwnAddress(run, vacation, outlet) is not null;
    }

    /// <summary>The address of the account that the message was written to; null when none stands in it (mail-rules 26).</summary>
    public static string? OwnAddress(SieveRun run, VacationAction vacation, ISieveOutlet outlet)
    {
        var own = Own(run, vacation, outlet);
        return RecipientFields.SelectMany(run.Message.Named).SelectMany(field => SieveAddress.InField(field.Raw, field.ValueStart)).FirstOrDefault(address => own.Contains(address.All))?.All;
    }

    private static HashSet<string> Own(SieveRun run, VacationAction vacation, ISieveOutlet outlet) =>
        new([outlet.OwnAddress, run.Envelope.To ?? "", .. run.Around.OwnAddresses, .. vacation.Addresses.Select(Bare)], StringComparer.OrdinalIgnoreCase);

    private static string Bare(string address) => SieveAddress.Parse(address, true)?.All ?? address;

    private static bool IsRobot(string sender)
    {
        var local = sender[..Math.Max(0, sender.LastIndexOf('@'))].ToLowerInvariant();
        return local is "mailer-daemon" or "listserv" or "majordomo" or "noreply" or "no-reply" or "postmaster"
            || local.StartsWith("owner-", StringComparison.Ordinal) || local.EndsWith("-request", StringComparison.Ordinal) || local.EndsWith("-bounces", StringComparison.Ordinal);
    }

    private static bool IsBulk(SieveMessage message) =>
        ListFields.Any(name => message.Named(name).Any())
        || message.Named("Auto-Submitted").Any(field => !field.Value.StartsWith("no", StringComparison.OrdinalIgnoreCase))
        || message.Named("Precedence").Any(field => field.Value.Trim().ToLowerInvariant() is "bulk" or "list" or "junk")
        || message.Named("X-Auto-Response-Suppress").Any(field => field.Value.Contains("OOF", StringComparison.OrdinalIgnoreCase) || field.Value.Contains("All", StringComparison.OrdinalIgnoreCase));
}
