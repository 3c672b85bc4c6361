using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.SignIn;

/// <summary>Lists the browsers an account is signed in with and signs them out; app passwords of mail programs; who signed in or tried to.</summary>
public sealed partial class SessionsPage
{
    private IReadOnlyList<WebSession> _sessions = [];
    private IReadOnlyList<AppPassword> _passwords = [];
    private IReadOnlyList<SignInHistoryEntry> _history = [];
    private Actor? _actor;
    private string? _made;
    private string? _problem;
    private long? _own;

    [CascadingParameter]
    private HttpContext Http { get; set; } = default!;

    [SupplyParameterFromForm(FormName = "app-password")]
    private string? ProgramName { get; set; }

    [Inject]
    private WebSessions Sessions { get; set; } = default!;

    [Inject]
    private AppPasswordOperations AppPasswords { get; set; } = default!;

    [Inject]
    private RefusalTexts Refusals { get; set; } = default!;

    [Inject]
    private SignedInActor SignedIn { get; set; } = default!;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        if (await SignedIn.FindAsync(Http.RequestAborted) is { Account: { } account } actor)
        {
            _actor = actor;
            _own = SessionCookie.Read(Http) is { } token ? await Sessions.FindIdAsync(token, Http.RequestAborted) : null;
            _sessions = await Sessions.ListAsync(actor, account, Http.RequestAborted);
            _passwords = await AppPasswords.ListAsync(actor, account, Http.RequestAborted);
            _history = await AppPasswords.HistoryAsync(actor, account, Http.RequestAborted);
        }
    }

    private async Task MakeAsync()
    {
        if (_actor is not { Account: { } account } actor)
        {
            return;
        }

        try
        {
            _made = await AppPasswords.AddAsync(actor, account, ProgramName ?? "", Http.RequestAborted);
            _passwords = await AppPasswords.ListAsync(actor, account, Http.RequestAborted);
        }
        catch (RefusedException refused)
        {
            _problem = Refusals.Of(refused.Refusal);
        }
    }
}
