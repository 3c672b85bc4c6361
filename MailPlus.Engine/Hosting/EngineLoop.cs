using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Hosting;

/// <summary>A named background loop that runs until it is cancelled and then finishes what it has (design rule 6).</summary>
/// <param name="Name">For the log.</param>
/// <param name="RunAsync">Runs until cancelled.</param>
public sealed record EngineLoop(string Name, Func<CancellationToken, Task> RunAsync);

/// <summary>Starts loops and waits for their end. A loop that fails is a bug: it is logged and started again after a pause.</summary>
internal sealed partial class EngineLoops(IReadOnlyList<EngineLoop> loops, TimeProvider clock, ILogger log) : IDisposable
{
    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    internal void Start() => _running = Task.WhenAll([.. loops.Select(loop => Task.Run(() => GuardAsync(loop)))]);

    internal async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    public void Dispose() => _stopping.Dispose();

    private async Task GuardAsync(EngineLoop loop)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await loop.RunAsync(_stopping.Token);
                return;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogFailed(failure, loop.Name);
            }

            // Ends early, without an exception, when the engine stops meanwhile.
            await Task.Delay(RestAfterFailure, clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(EventId = 8101, Level = LogLevel.Error, Message = "loop {Loop} failed and starts again")]
    private partial void LogFailed(Exception failure, string loop);
}
