using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Domains.DkimKeys;

/// <summary>Looks every ten minutes whether DNS shows keys that wait (mail-rules 33).</summary>
internal sealed partial class DkimRotation(DkimOperations operations, TimeProvider clock, ILogger<DkimRotation> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await operations.RotateAsync(cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailed(failure); // tried again in ten minutes
            }
        }
    }

    [LoggerMessage(4301, LogLevel.Error, "Keys of DKIM could not be looked after")]
    private partial void LogFailed(Exception failure);
}
