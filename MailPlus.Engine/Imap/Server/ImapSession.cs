using System.Globalization;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Server;

/// <summary>The selected mailbox is gone or no longer what it was; nothing said about it would be true any more.</summary>
internal sealed class MailboxLostException() : Exception("The selected mailbox was deleted");

/// <summary>One IMAP session: who signed in, what is selected and enabled, and what commands need of the connection.</summary>
internal sealed partial class ImapSession : IAsyncDisposable
{
    private static readonly TimeSpan StrangerPatience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan WritePatience = TimeSpan.FromMinutes(5);

    private readonly CommandTable _commands;
    private readonly SessionCounter _sessions;
    private bool _ended;
    private bool _startsTls;
    private bool _startsCompression;
    private SelectedMailbox? _selected;
    private IAccountStore? _store;
    private Places? _places;

    public ImapSession(NetConnection connection, ImapDependencies dependencies, CommandTable commands, SessionCounter sessions)
    {
        Connection = connection;
        With = dependencies;
        Settings = dependencies.Settings.Current;
        _commands = commands;
        _sessions = sessions;
        Output = new ResponseWriter(connection.Output);
        Input = new CommandReader(connection.Input);
    }

    public NetConnection Connection { get; }

    public ImapDependencies With { get; }

    /// <summary>The settings this session began with.</summary>
    public SettingsSnapshot Settings { get; }

    public ResponseWriter Output { get; private set; }

    public CommandReader Input { get; private set; }

    /// <summary>Who signed in, null before.</summary>
    public Actor? Actor { get; private set; }

    /// <summary>The signed-in account's mail.</summary>
    public IAccountStore Store => _store ?? throw new InvalidOperationException("nobody has signed in");

    /// <summary>Where names of mailboxes lead.</summary>
    public Places Places => _places ?? throw new InvalidOperationException("nobody has signed in");

    public SelectedMailbox? Selected
    {
        get => _selected;
        set
        {
            _selected = value;
            Watch?.Hear(With.Store.Changes, value);
        }
    }

    /// <summary>The selected mailbox when it is one of the account's own: numbers of mailboxes count for one account only.</summary>
    public SelectedMailbox? SelectedOwn => Selected is { } selected && selected.Store.Account == Store.Account ? selected : null;

    /// <summary>What NOTIFY asked for; null while it was never used.</summary>
    public NotifyWatch? Watch { get; private set; }

    /// <summary>What the client has enabled.</summary>
    public SessionModes Modes { get; private set; } = new();

    /// <summary>CONDSTORE is enabled: MODSEQ stands in every FETCH of flags (RFC 7162 3.1).</summary>
    public bool IsCondStore
    {
        get => Modes.CondStore;
        set
        {
            if (value && !Modes.CondStore && Selected is { } selected)
            {
                // From a command other than SELECT: the client learns from where on it is told of changes (RFC 7162 3.1).
                Untagged(string.Create(CultureInfo.InvariantCulture, $"OK [HIGHESTMODSEQ {Math.Max(1, selected.Known.Mailbox.HighestModSeq.Value)}] Highest"));
            }

            Modes.CondStore = value;
        }
    }

    /// <summary>COMPRESS=DEFLATE is on; it outlives UNAUTHENTICATE (RFC 8437 3).</summary>
    public bool IsCompressed { get; private set; }

    /// <summary>Passwords may be said here (mail-rules 20).</summary>
    public bool AllowsPasswords => Connection.IsTls || With.Run.IsLab(Connection.Remote.Address);

    public SessionStates State => _store is null ? SessionStates.NotAuthenticated : Selected is null ? SessionStates.Authenticated : SessionStates.Selected;

    public TimeSpan IdleLimit => Actor is null ? StrangerPatience : TimeSpan.FromMinutes(Settings.Imap.IdleMinutes);

    /// <summary>Makes the actor this session's account.</summary>
    /// <exception cref="RefusedException">The account has too many sessions, or its mail cannot be opened.</exception>
    public async ValueTask SignInAsync(Actor actor, CancellationToken cancellationToken)
    {
        var account = actor.Account ?? throw new RefusedException(new Refusal(RefusalKind.AuthenticationFailed, "AuthenticationFailed"));
        if (!_sessions.TryEnter(account, Settings.Imap.MaximumSessionsPerAccount))
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManySessions") { Temporary = true });
        }

        try
        {
            _store = await With.Store.OpenAsync(account, cancellationToken);
            await With.Shares.SettleAsync(_store, cancellationToken); // mends what a crash or a restored copy left
        }
        catch
        {
            _sessions.Leave(account);
            throw;
        }

        _places = new Places(_store, With.Store, With.AddressBook, With.Shares);
        Actor = actor;
        Input.Limits = CommandLimits.Account;
    }

    /// <summary>Ends the session after the present command.</summary>
    public void End() => _ended = true;

    /// <summary>TLS starts once the present command is answered.</summary>
    public void StartTlsAfterReply() => _startsTls = true;

    /// <summary>Both directions are compressed once the present command is answered.</summary>
    public void CompressAfterReply() => _startsCompression = IsCompressed = true;

    /// <summary>Forgets who signed in and all that was enabled (RFC 8437).</summary>
    public async ValueTask SignOutAsync()
    {
        Selected = null;
        UseWatch(null);
        Actor = null;
        Modes = new SessionModes();
        UseUtf8Names();
        Speak(null);
        Input.Limits = CommandLimits.Stranger;
        await CloseStoreAsync();
    }

    /// <summary>Names are read and written as the modes say.</summary>
    public void UseUtf8Names() => (Input.HasUtf8Names, Output.HasUtf8Names, Input.ForbidsCharset) = (Modes.HasUtf8Names, Modes.HasUtf8Names, Modes.Utf8);

    /// <summary>Texts for people are in this language from here on; null for "i-default".</summary>
    public void Speak(ResponseLanguage? language)
    {
        Modes.Language = language;
        Output.HasUtf8Texts = language is not null;
    }

    /// <summary>What an account may store.</summary>
    public QuotaLimits QuotaOf(IAccountStore owner) => QuotaLimits.Of(With.AddressBook.Find(owner.Account), Settings.Quota);

    /// <summary>Refuses when so much more would not fit into the owner's quota.</summary>
    /// <exception cref="RefusedException">OverQuota.</exception>
    public async ValueTask RequireRoomAsync(IAccountStore owner, long octets, long messages, CancellationToken cancellationToken)
    {
        var usage = await owner.UsageAsync(cancellationToken);
        if (!QuotaOf(owner).Allow(usage.Octets + octets, usage.Messages + messages))
        {
            throw new RefusedException(new Refusal(RefusalKind.OverQuota, "OverQuota"));
        }
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (Output.Unflushed > 0)
        {
            Connection.SetDeadline(DeadlineKind.Write, WritePatience);
            await Output.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Sends a continuation request at once.</summary>
    public async ValueTask ContinueAsync(string text, CancellationToken cancellationToken)
    {
        Output.Write("+ "u8);
        Output.Write(text);
        Output.Line();
        await FlushAsync(cancellationToken);
        Connection.SetDeadline(DeadlineKind.Command, IdleLimit);
    }

    public void Untagged(string text)
    {
        Output.Write("* "u8);
        Output.Write(text);
        Output.Line();
    }

    public ValueTask DisposeAsync()
    {
        UseWatch(null);
        return CloseStoreAsync();
    }

    /// <summary>Tells from here on what NOTIFY asked for.</summary>
    public void UseWatch(NotifyWatch? watch)
    {
        Watch?.Dispose();
        Watch = watch;
        watch?.Hear(With.Store.Changes, Selected);
    }

    /// <summary>Tells what is new in the selected mailbox, and what NOTIFY asked for of others.</summary>
    /// <param name="kind">What may be told of the selected mailbox.</param>
    /// <param name="isOwn">The command itself changed it: that is told whatever NOTIFY says.</param>
    /// <param name="cancellationToken">Token.</param>
    public async ValueTask TellNewsAsync(NewsKind kind, bool isOwn, CancellationToken cancellationToken)
    {
        if (Selected is { } selected && (isOwn || Watch is null or { WantsSelected: true }))
        {
            await selected.TellAsync(this, kind, cancellationToken);
        }

        if (Watch is not { } watch)
        {
            return;
        }

        var isTold = await watch.TellAsync(this, cancellationToken);
        await Places.ReleaseAsync(Selected?.Store.Account); // between commands nobody else does
        if (!isTold)
        {
            UseWatch(await NotifyWatch.StartAsync(this, NotifyArguments.None, cancellationToken));
            Untagged("OK [NOTIFICATIONOVERFLOW] Too much has changed, nothing is watched any more");
        }
    }

    private async ValueTask CloseStoreAsync()
    {
        if (_store is { } store)
        {
            _store = null;
            Selected = null;
            await Places.ReleaseAsync();
            _places = null;
            _sessions.Leave(store.Account);
            await store.DisposeAsync();
        }
    }
}
