using MailPlus.Engine.Primitives;
using MailPlus.Web.SignIn;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Shared;

/// <summary>
/// What pages of the console share: who acts, a token that ends with the page, and one place where a refusal becomes a text.
/// The first, static rendering shows skeletons only; data is loaded once, when the page is live.
/// </summary>
public abstract class LivePage : ComponentBase, IAsyncDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private readonly CancellationToken _token;
    private bool _loaded;

    /// <summary>Makes the page's token.</summary>
    protected LivePage() => _token = _gone.Token;

    /// <summary>Why the page could not load or an action was refused; "" when all is well.</summary>
    protected string Problem { get; set; } = "";

    /// <summary>The field a refusal named, null when none.</summary>
    protected string? ProblemField { get; private set; }

    /// <summary>Cancelled when the page is left.</summary>
    protected CancellationToken Gone => _token;

    /// <summary>The viewer's language and zone.</summary>
    [CascadingParameter]
    protected Viewer Viewer { get; set; } = default!;

    /// <summary>Who acts.</summary>
    [Inject]
    protected SignedInActor SignedIn { get; set; } = default!;

    /// <summary>Words for refusals.</summary>
    [Inject]
    protected RefusalTexts Refusals { get; set; } = default!;

    /// <summary>Loads the page's data; called once the page is live and again on retry.</summary>
    protected virtual Task LoadAsync() => Task.CompletedTask;

    /// <summary>Runs an action on the engine; an expected no lands in <see cref="Problem"/>. True when it was done.</summary>
    protected async Task<bool> TryAsync(Func<Actor, Task> action)
    {
        Problem = "";
        ProblemField = null;
        try
        {
            await action(await SignedIn.GetAsync(Gone));
            return true;
        }
        catch (RefusedException refused)
        {
            Problem = Refusals.Of(refused.Refusal);
            ProblemField = refused.Refusal.Field;
            return false;
        }
        catch (OperationCanceledException) when (Gone.IsCancellationRequested)
        {
            return false; // the page was left meanwhile: nobody is there to tell
        }
    }

    /// <summary>Runs a refresh from outside the page's own flow (timers, engine events) in the viewer's language.</summary>
    protected async Task RefreshAsync(Func<Task> refresh)
    {
        if (Gone.IsCancellationRequested)
        {
            return;
        }

        await InvokeAsync(async () =>
        {
            Viewer.Speak();
            await refresh();
            StateHasChanged();
        });
    }

    /// <summary>Repeats a refresh until the page is left.</summary>
    protected async Task RepeatAsync(TimeSpan every, Func<Task> refresh)
    {
        using var timer = new PeriodicTimer(every);
        try
        {
            while (await timer.WaitForNextTickAsync(Gone))
            {
                await RefreshAsync(refresh);
            }
        }
        catch (OperationCanceledException) when (Gone.IsCancellationRequested)
        {
            // The page was left.
        }
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (RendererInfo.IsInteractive && !_loaded)
        {
            _loaded = true;
            await LoadAsync();
        }
    }

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync()
    {
        _gone.Cancel();
        _gone.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
