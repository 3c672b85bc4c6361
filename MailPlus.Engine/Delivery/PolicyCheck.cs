using System.Globalization;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery;

/// <summary>What user policies say about mail that accounts send, where it leaves (mail-rules 23): to whom, how large its attachments are, how much a day.</summary>
internal sealed class PolicyCheck(PolicyBook book, RecipientRouting routing, TimeProvider clock)
{
    private const long Megabyte = 1024 * 1024;

    /// <summary>The day it is; days begin at midnight where the server is.</summary>
    public static int DayOf(TimeProvider clock) => DateOnly.FromDateTime(clock.GetLocalNow().DateTime).DayNumber;

    /// <summary>Null when the sender may write to the recipient (ACC-64); an alias with somebody outside in it counts as outside.</summary>
    public Refusal? Recipient(EmailAddress recipient, MessageSource source) =>
        source.Actor?.Account is { } account && book.RulesOf(account).InternalOnly && Leaves(recipient) ? OutsideForbidden(recipient) : null;

    /// <summary>Null when mail of the account may be sent on there by itself (setting 01, and 05 for targets outside).</summary>
    public Refusal? Forward(AccountId account, EmailAddress target) =>
        !book.Of(account).MayForward ? new Refusal(RefusalKind.NotAllowed, "ForwardingForbidden") { Detail = "user policy: forwarding" }
        : book.RulesOf(account).InternalOnly && Leaves(target) ? OutsideForbidden(target) : null;

    /// <summary>Judges a message with its recipients as they are in the end. Returns what it counts, null when nobody's.</summary>
    /// <exception cref="RefusedException">NotAllowed; TooLarge.</exception>
    public OutboundCharge? Judge(IReadOnlyList<Recipient> recipients, MessageSummary summary, MessageSource source)
    {
        if (source.Actor?.Account is not { } account)
        {
            return null;
        }

        var policy = book.Of(account);
        var outside = recipients.FirstOrDefault(recipient => routing.Find(recipient.Address).Kind == RouteKind.Remote);
        if (outside is not null && policy.Rules.InternalOnly)
        {
            throw new RefusedException(OutsideForbidden(outside.Address)); // the policy changed since RCPT, or the door asks for all at once
        }

        if (policy.AttachmentOctets(outside is not null) is { } most && summary.LargestAttachment > most)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooLarge, "AttachmentTooLarge")
            {
                Arguments = [(most / Megabyte).ToString(CultureInfo.InvariantCulture)], Detail = $"attachment of {summary.LargestAttachment} octets",
            });
        }

        return outside is null ? null : new OutboundCharge(account, DayOf(clock)) { MostMessages = policy.DailyMessages, MostOctets = policy.DailyOctets };
    }

    private bool Leaves(EmailAddress recipient) => routing.Find(recipient).Kind switch
    {
        RouteKind.Remote => true,
        RouteKind.Alias => routing.Expand(recipient).Any(member => routing.Find(member).Kind == RouteKind.Remote),
        _ => false,
    };

    private static Refusal OutsideForbidden(EmailAddress recipient) =>
        new(RefusalKind.NotAllowed, "OutsideForbidden") { EnhancedStatus = "5.7.1", Arguments = [recipient.ToDisplayString()], Detail = $"user policy: {recipient} is outside" };
}
