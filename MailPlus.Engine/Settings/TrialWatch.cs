using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Settings;

/// <summary>Takes settings back whose trial is over: one loop, awake when a trial begins and when it ends.</summary>
internal sealed class TrialWatch(SettingsOperations operations, ISettingsSource settings, TimeProvider clock)
{
    private static readonly TimeSpan LookAnyway = TimeSpan.FromSeconds(10); // a clock that is set is noticed

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var changed = new SemaphoreSlim(0);
        using var listening = settings.OnChange((_, _) => changed.Release());
        while (true)
        {
            var left = settings.Current.Trial?.Left(Instant.Now(clock));
            if (left == TimeSpan.Zero)
            {
                await operations.EndDueTrialAsync(cancellationToken);
                continue;
            }

            using var time = left is { } some ? new CancellationTokenSource(some < LookAnyway ? some : LookAnyway, clock) : new CancellationTokenSource();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
            try
            {
                await changed.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Time to look.
            }
        }
    }
}
