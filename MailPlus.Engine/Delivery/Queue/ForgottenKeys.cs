using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>Lets accounts forget the delivery keys of entries whose removal from the queue is durable (mail-rules 1), many at a time.</summary>
internal sealed partial class ForgottenKeys(QueueFile file, DeliverySurroundings around)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly WakeSignal _signal = new(around.Clock);
    private readonly ILogger _log = around.Logs.CreateLogger<ForgottenKeys>();

    /// <summary>There is something to forget.</summary>
    public void Wake() => _signal.Set();

    /// <summary>The loop.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await ForgetAsync(cancellationToken);
            await _signal.WaitAsync(LongestPause, cancellationToken);
            await Task.Delay(Pause, around.Clock, cancellationToken); // more gathers meanwhile: one write an account instead of one a message
        }
    }

    private async Task ForgetAsync(CancellationToken cancellationToken)
    {
        while (await file.ReadForgottenAsync(cancellationToken) is { Count: > 0 } rows)
        {
            await file.FlushAsync(cancellationToken); // these rows, and with them the entries' removal, are durable from here on
            var done = new List<long>();
            foreach (var account in rows.GroupBy(r => r.Account))
            {
                if (await ForgetAsync(account.Key, [.. account.SelectMany(r => r.Entries)], cancellationToken))
                {
                    done.AddRange(account.Select(r => r.Row));
                }
            }

            await file.RemoveForgottenAsync(done, cancellationToken);
            if (done.Count < rows.Count)
            {
                return;
            }
        }
    }

    private async Task<bool> ForgetAsync(AccountId account, IReadOnlyList<EntryId> entries, CancellationToken cancellationToken)
    {
        try
        {
            await using var mail = await around.Store.OpenAsync(account, cancellationToken);
            await mail.ForgetDeliveriesAsync(entries, cancellationToken);
            return true;
        }
        catch (RefusedException refused)
        {
            LogRefused(account.Value, refused.Message);
            return refused.Refusal.Kind == RefusalKind.NotFound; // the account is gone, and its keys with it
        }
    }

    [LoggerMessage(5301, LogLevel.Debug, "Account {Account} keeps its delivery keys for now: {Reason}")]
    private partial void LogRefused(long account, string reason);
}
