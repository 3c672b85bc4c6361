using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Monitoring.DnsChecks;

/// <summary>Looks at the DNS of all domains every few hours.</summary>
internal sealed partial class DnsWatch(DnsOperations operations, TimeProvider clock, ILogger<DnsWatch> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(6);

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await operations.WatchAsync(cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailed(failure); // tried again in a few hours
            }
        }
    }

    [LoggerMessage(4302, LogLevel.Error, "The DNS of the domains could not be looked at")]
    private partial void LogFailed(Exception failure);
}
