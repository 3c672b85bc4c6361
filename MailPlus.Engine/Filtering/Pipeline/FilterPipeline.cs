using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Filtering.Pipeline;

/// <summary>Walks the stages and folds their findings to one verdict; effects come after, elsewhere (design 1).</summary>
public sealed class FilterPipeline(StageOrder order, TimeProvider clock)
{
    /// <summary>From the end of DATA to the reply filters may take so long together, then the peer is told to come again (mail-rules 5).</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    /// <summary>Judges a message. The first stage that refuses for good ends the walk.</summary>
    public async ValueTask<Verdict> JudgeAsync(Facts facts, CancellationToken cancellationToken)
    {
        List<Finding>? findings = null;
        var effect = FindingEffect.None;
        var started = clock.GetTimestamp();
        foreach (var stage in order.For(facts.Origin))
        {
            var pending = stage.ExamineAsync(facts, cancellationToken);
            Finding? finding;
            try
            {
                finding = pending.IsCompletedSuccessfully
                    ? await pending
                    : await pending.AsTask().WaitAsync(Remaining(started), clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                finding = new Finding(stage.Name, FindingEffect.RefuseForNow, "no answer in time")
                {
                    Refusal = new Refusal(RefusalKind.Unavailable, "FilterTimeout") { Temporary = true, Detail = stage.Name },
                };
            }

            if (finding is null)
            {
                continue;
            }

            (findings ??= []).Add(finding);
            effect = (FindingEffect)Math.Max((int)effect, (int)finding.Effect);
            if (finding.Effect == FindingEffect.Refuse || (finding.Refusal?.TextKey == "FilterTimeout"))
            {
                break;
            }
        }

        return findings is null ? Verdict.Clean : new Verdict(effect, findings);
    }

    private TimeSpan Remaining(long started)
    {
        var left = Deadline - clock.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
