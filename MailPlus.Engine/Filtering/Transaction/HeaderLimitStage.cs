using MailPlus.Engine.Filtering.Pipeline;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Filtering.Transaction;

/// <summary>Refuses header blocks that no mail program writes and that cost whoever reads them: too long, too many fields, a NUL in a field.</summary>
public sealed class HeaderLimitStage : IFilterStage
{
    /// <summary>Most fields of one header block.</summary>
    public const int MaximumFields = 5000;

    /// <summary>Most octets of one field, folded lines together.</summary>
    public const int MaximumFieldLength = 256 * 1024;

    /// <inheritdoc/>
    public string Name => "header";

    /// <inheritdoc/>
    public ValueTask<Finding?> ExamineAsync(Facts facts, CancellationToken cancellationToken)
    {
        var evidence = Fault(facts.Header);
        return evidence is null
            ? default
            : new(new Finding(Name, FindingEffect.Refuse, evidence)
            {
                Refusal = new Refusal(RefusalKind.MessageRefused, "HeaderUnacceptable") { EnhancedStatus = "5.6.0", Detail = evidence },
            });
    }

    private static string? Fault(HeaderFields header)
    {
        if (!header.IsComplete)
        {
            return "header block is too long";
        }

        if (header.Fields.Count > MaximumFields)
        {
            return "too many header fields";
        }

        foreach (var field in header.Fields)
        {
            if (field.Length > MaximumFieldLength)
            {
                return "a header field is too long";
            }

            if (header.Value(field).Span.Contains((byte)0))
            {
                return "a header field holds NUL";
            }
        }

        return null;
    }
}
