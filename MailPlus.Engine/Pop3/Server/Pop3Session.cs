using System.Buffers;
using System.Globalization;
using System.Security.Authentication;
using System.Text;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Lines;
using MailPlus.Engine.Pop3.Commands;
using MailPlus.Engine.Pop3.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Pop3.Server;

/// <summary>One POP3 session: reads a line, finds its command, asks whether it may come now, runs it, answers. The only catch of POP3.</summary>
internal sealed partial class Pop3Session : IAsyncDisposable
{
    private const int MostErrors = 20;
    private const int MostFailures = 3;
    private const int FlushAt = 32 * 1024;
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StrangerPatience = TimeSpan.FromMinutes(3);

    private readonly MaildropLocks _locks;
    private readonly bool _isLab;
    private Maildrop? _maildrop;
    private int _errors;
    private int _failures;
    private bool _hasBegun;

    /// <summary>Answers of AUTH are longer than commands.</summary>
    private const int LongestAnswer = 12 * 1024;

    public Pop3Session(NetConnection connection, Pop3Door door, MaildropLocks locks)
    {
        Connection = connection;
        Door = door;
        Settings = door.Settings.Current;
        _locks = locks;
        _isLab = door.Run.IsLab(connection.Remote.Address);
        Input = new LineInput(connection, LongestAnswer) { Patience = StrangerPatience };
    }

    public NetConnection Connection { get; }

    public Pop3Door Door { get; }

    /// <summary>The settings this session began with.</summary>
    public SettingsSnapshot Settings { get; }

    public LineInput Input { get; }

    /// <summary>The name USER gave, null before.</summary>
    public string? Name { get; set; }

    /// <summary>UTF8 was said: headers in UTF-8 come as they are (RFC 6856 2).</summary>
    public bool IsUtf8 { get; set; }

    /// <summary>The language of answers.</summary>
    public CultureInfo Language { get; set; } = CultureInfo.InvariantCulture;

    /// <summary>Passwords may be said here (mail-rules 20).</summary>
    public bool AllowsPasswords => Connection.IsTls || _isLab;

    public bool IsSignedIn => _maildrop is not null;

    public Maildrop Maildrop => _maildrop ?? throw new InvalidOperationException("nobody has signed in");

    public SaslChannel Channel => SaslChannel.Of("pop3", Connection, AllowsPasswords);

    /// <summary>Serves the connection to its end. Without QUIT nothing is deleted (RFC 1939 6).</summary>
    public async Task RunAsync(CancellationToken aborted)
    {
        try
        {
            var host = Settings.Smtp.Hostname;
            Write(Pop3Reply.Ok("Ready", host.Length > 0 ? host : "MailPlus"));
            while (await StepAsync(aborted))
            {
            }
        }
        catch (DeadlineException late) when (late.Kind != DeadlineKind.Write)
        {
            Write(Pop3Reply.Error("IdleTooLong", "SYS/TEMP"));
        }
        catch (OperationCanceledException) when (Connection.Closing.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            Write(Pop3Reply.Error("ShuttingDown", "SYS/TEMP"));
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or AuthenticationException)
        {
            LogPeerLeft(Door.Log, Connection.Id, gone.Message);
        }
    }

    /// <summary>Makes the actor's INBOX this session's maildrop.</summary>
    /// <exception cref="RefusedException">In use, or it cannot be opened.</exception>
    public async ValueTask<Pop3Reply> SignInAsync(Actor actor, CancellationToken cancellationToken)
    {
        var account = actor.Account ?? throw new RefusedException(new Refusal(RefusalKind.AuthenticationFailed, "AuthenticationFailed"));
        _maildrop = await Maildrop.OpenAsync(Door.Store, account, _locks, cancellationToken);
        Input.Patience = TimeSpan.FromMinutes(Settings.Pop3.IdleMinutes);
        _errors = 0;
        return Pop3Reply.Ok("SignedIn", Number(Maildrop.Count), Number(Maildrop.Octets));
    }

    /// <summary>The answer to a failed log-in; the last one closes.</summary>
    public Pop3Reply Failed(Refusal refusal)
    {
        Name = null;
        _failures += refusal.Kind is RefusalKind.AuthenticationFailed or RefusalKind.NotAllowed ? 1 : 0;
        return Pop3Reply.Of(refusal) with { Closes = _failures >= MostFailures };
    }

    /// <summary>TLS: everything learned before it is void, octets that came too early are dropped (RFC 2595 4).</summary>
    public async ValueTask StartTlsAsync(CancellationToken aborted)
    {
        Write(Pop3Reply.Ok("BeginTls"));
        Connection.DropInput();
        await Input.FlushAsync(aborted);
        Connection.SetDeadline(DeadlineKind.Handshake, HandshakeTime);
        await Connection.StartTlsAsync(aborted);
        Input.Restart();
        Name = null;
        IsUtf8 = false;
    }

    /// <summary>Puts the first line of an answer into the output.</summary>
    public void Write(Pop3Reply reply)
    {
        var line = reply.In(Language);
        _hasBegun = true;
        WriteLine(line);
        if (Door.Trace is { IsOn: true } trace)
        {
            trace.Said(Connection.Id, line);
        }
    }

    /// <summary>Puts a line into the output. Lines of lists never begin with a dot.</summary>
    public void WriteLine(string text) => Connection.Output.Write(Encoding.UTF8.GetBytes(text + "\r\n"));

    /// <summary>Sends when much has gathered, so that a long list takes no memory.</summary>
    public async ValueTask FlushIfFullAsync(CancellationToken cancellationToken)
    {
        if (Connection.Output.UnflushedBytes >= FlushAt)
        {
            await Input.FlushAsync(cancellationToken);
        }
    }

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Removes what is marked and lets the maildrop go, for QUIT.</summary>
    public async ValueTask UpdateAsync(CancellationToken cancellationToken)
    {
        await Maildrop.CommitAsync(cancellationToken);
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_maildrop is { } maildrop)
        {
            _maildrop = null;
            await maildrop.DisposeAsync();
        }
    }

    /// <summary>One command. False when the connection ends.</summary>
    private async ValueTask<bool> StepAsync(CancellationToken aborted)
    {
        var read = await Input.ReadLineAsync(static line => line.Length > Pop3Line.Longest && !IsAuth(line) ? default(Pop3Line?) : Pop3Line.Parse(line), Connection.Closing);
        if (read.IsEnd)
        {
            if (Input.IsForeignTls)
            {
                Write(Pop3Reply.Error("NotTls", "SYS/PERM"));
            }

            return false;
        }

        var reply = read.Status switch
        {
            LineStatus.Complete when read.Value is { } line => await RunCommandAsync(line, aborted),
            LineStatus.BareLineFeed or LineStatus.BareCarriageReturn => Pop3Reply.Error("BareLineEnd"),
            _ => Pop3Reply.Error("LineTooLong"),
        };
        if (reply is null)
        {
            return true;
        }

        Write(reply);
        _errors += reply.IsOk ? 0 : 1;
        if (reply.Closes)
        {
            return false;
        }

        if (_errors >= MostErrors)
        {
            Write(Pop3Reply.Error("TooManyErrors", "SYS/PERM"));
            return false;
        }

        return true;
    }

    private static bool IsAuth(ReadOnlySequence<byte> line)
    {
        Span<byte> head = stackalloc byte[5];
        line.Slice(0, head.Length).CopyTo(head);
        return Ascii.EqualsIgnoreCase(head, "AUTH "u8);
    }

    private async ValueTask<Pop3Reply?> RunCommandAsync(Pop3Line line, CancellationToken aborted)
    {
        if (Door.Trace is { IsOn: true } trace)
        {
            trace.Heard(Connection.Id, line.Keyword is "PASS" or "AUTH" or "APOP" ? line.Keyword + " ***" : $"{line.Keyword} {line.Argument}");
        }

        if (Pop3Commands.Find(line.Keyword) is not { } command)
        {
            return IsHttp(line) ? Pop3Reply.Error("NotHttp") with { Closes = true } : Pop3Reply.Error("UnknownCommand");
        }

        if (!command.MayRun(this))
        {
            return Pop3Reply.Error(IsSignedIn ? "OnlyBeforeSignIn" : "SignInFirst");
        }

        _hasBegun = false;
        try
        {
            return await command.RunAsync(this, line, aborted);
        }
        catch (RefusedException refused)
        {
            return Pop3Reply.Of(refused.Refusal);
        }
        catch (Exception bug) when (bug is not (IOException or OperationCanceledException or AuthenticationException))
        {
            var id = Guid.NewGuid().ToString("N")[..12];
            LogBug(Door.Log, bug, Connection.Id, id);
            if (_hasBegun)
            {
                Connection.Abort("an answer could not be finished");
            }

            return Pop3Reply.Error("InternalError", "SYS/TEMP") with { Arguments = [id], Closes = true };
        }
    }

    // A browser's request line: one answer and a close (design 6).
    private static bool IsHttp(Pop3Line line) => line.Keyword is "GET" or "POST" or "HEAD" or "PUT" or "OPTIONS" or "CONNECT" or "PRI";

    [LoggerMessage(6201, LogLevel.Error, "POP3 session {Connection}: a command failed, reference {Reference}")]
    private static partial void LogBug(ILogger log, Exception bug, string connection, string reference);

    [LoggerMessage(6202, LogLevel.Debug, "POP3 session {Connection}: peer left: {Reason}")]
    private static partial void LogPeerLeft(ILogger log, string connection, string reason);
}
