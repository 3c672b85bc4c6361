using System.Globalization;
using MailPlus.Engine.Filtering.Pipeline;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Filtering.Transaction;

/// <summary>Loop detection by the number of Received fields (RFC 5321 6.3).</summary>
public sealed class HopLimitStage : IFilterStage
{
    /// <inheritdoc/>
    public string Name => "hops";

    /// <inheritdoc/>
    public ValueTask<Finding?> ExamineAsync(Facts facts, CancellationToken cancellationToken)
    {
        var hops = facts.Summary.ReceivedCount;
        if (hops <= facts.Settings.Smtp.MaximumHops)
        {
            return default;
        }

        return new(new Finding(Name, FindingEffect.Refuse, string.Create(CultureInfo.InvariantCulture, $"{hops} Received fields"))
        {
            Setting = "Smtp.MaximumHops",
            Refusal = new Refusal(RefusalKind.MessageRefused, "TooManyHops") { EnhancedStatus = "5.4.6", Detail = $"{hops} Received fields" },
        });
    }
}
