using System.Globalization;
using System.Security.Authentication;
using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Imap.Server;

/// <summary>Reads commands, runs them one after the other, answers. The only catch of IMAP.</summary>
internal sealed partial class ImapSession
{
    private const int MaxFaults = 20;

    private int _faults;
    private Task? _nextOctets;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Connection.Closing);
        try
        {
            WriteGreeting();
            await FlushAsync(ending.Token);
            while (!_ended && await NextAsync(ending.Token))
            {
            }
        }
        catch (DeadlineException)
        {
            await ByeAsync("Idle for too long");
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            await ByeAsync("Server is shutting down");
        }
        catch (HopelessPeerException hopeless)
        {
            await ByeAsync(hopeless.Message);
        }
        catch (MailboxLostException lost)
        {
            await ByeAsync(lost.Message);
        }
        catch (Exception gone) when (gone is IOException or AuthenticationException or InvalidOperationException { Source: "System.IO.Pipelines" })
        {
            LogPeerLeft(With.Log, Connection.Id, gone.Message);
        }
    }

    /// <summary>Waits for the next command and tells what NOTIFY asked for meanwhile. While a command is being read nothing is said.</summary>
    private async ValueTask WaitWatchingAsync(CancellationToken cancellationToken)
    {
        _nextOctets ??= Input.WaitAsync(cancellationToken).AsTask();
        while (Watch!.WokenAsync(cancellationToken) is var woken && await Task.WhenAny(_nextOctets, woken) != _nextOctets)
        {
            await woken;
            Watch.Reset();
            await TellNewsAsync(Watch.Between, isOwn: false, cancellationToken);
            if (Output.Unflushed > 0)
            {
                await FlushAsync(cancellationToken);
                Connection.SetDeadline(DeadlineKind.Command, IdleLimit);
            }
        }

        var octets = _nextOctets;
        _nextOctets = null;
        await octets;
    }

    private void WriteGreeting()
    {
        var host = Settings.Smtp.Hostname;
        Untagged($"OK [CAPABILITY {Capabilities.Of(this)}] {(host.Length > 0 ? host : "MailPlus")} IMAP ready");
    }

    private async ValueTask<bool> NextAsync(CancellationToken cancellationToken)
    {
        Connection.SetDeadline(DeadlineKind.Command, IdleLimit);
        var tag = "*";
        Completion completion;
        try
        {
            if (Watch is not null)
            {
                await WaitWatchingAsync(cancellationToken);
            }

            if (await Input.ReadAsync(GoAheadAsync, cancellationToken) is not { } command)
            {
                return false;
            }

            tag = command.Tag;
            completion = await DispatchAsync(command, cancellationToken);
            _faults = completion.Status == CompletionStatus.Bad ? _faults + 1 : 0;
        }
        catch (SyntaxException fault)
        {
            tag = tag == "*" ? Input.Tag : tag;
            completion = Completion.Bad(fault.Message, fault.Code);
            _faults++;
        }
        catch (RefusedException refused)
        {
            completion = RefusalReply.Of(refused.Refusal) with { Text = RefusalReply.Text(refused.Refusal, Modes.Language) };
            _faults = refused.Refusal.Kind == RefusalKind.AuthenticationFailed ? _faults + 5 : 0;
        }
        catch (Exception bug) when (bug is not (IOException or OperationCanceledException or HopelessPeerException or MailboxLostException or AuthenticationException))
        {
            var id = Guid.NewGuid().ToString("N")[..12];
            LogBug(With.Log, bug, Connection.Id, id);
            if (Output.IsInsideLiteral)
            {
                Connection.Abort("an answer could not be finished");
                return false;
            }

            completion = Completion.No($"Internal error, reference {id}", "SERVERBUG");
        }

        // Whoever refused the command, and wherever: its messages may be on their way, and must not be taken for commands.
        await Input.DropMessagesAsync(cancellationToken);
        WriteTagged(tag, completion);
        if (_startsTls)
        {
            Connection.DropInput();
        }

        await FlushAsync(cancellationToken);
        if (_startsTls)
        {
            _startsTls = false;
            await StartTlsAsync(cancellationToken);
        }

        if (_startsCompression)
        {
            _startsCompression = false;
            StartCompression();
        }

        if (_faults >= MaxFaults)
        {
            throw new HopelessPeerException("Too many faulty commands");
        }

        return true;
    }

    private async ValueTask<Completion> DispatchAsync(CommandText command, CancellationToken cancellationToken)
    {
        if (_commands.Find(command.Name) is not { } known)
        {
            return Completion.Bad("Unknown command");
        }

        if ((known.States & State) == 0)
        {
            return Completion.Bad(State switch
            {
                SessionStates.NotAuthenticated => "Log in first",
                SessionStates.Authenticated when known.States == SessionStates.Selected => "Select a mailbox first",
                _ => "Not in this state",
            });
        }

        if (Modes.UidOnly && known.UsesNumbers)
        {
            return Completion.Bad("Only the UID form is allowed", "UIDREQUIRED");
        }

        try
        {
            if (Selected is { } before)
            {
                await before.LookAtRightsAsync(cancellationToken);
            }

            var completion = await known.RunAsync(this, command, cancellationToken);
            if (known.News != NewsKind.Nothing)
            {
                await TellNewsAsync(known.News, known is MoveCommand or ReplaceCommand, cancellationToken);
            }

            return completion;
        }
        finally
        {
            if (_places is { } places)
            {
                await places.ReleaseAsync(Selected?.Store.Account);
            }
        }
    }

    /// <summary>Starts over on the encrypted connection; what was read before is dropped (design 6).</summary>
    private async ValueTask StartTlsAsync(CancellationToken cancellationToken)
    {
        Connection.SetDeadline(DeadlineKind.Handshake, TimeSpan.FromSeconds(60));
        await Connection.StartTlsAsync(cancellationToken);
        Modes.Language = null; // whoever chose it may have stood in between (RFC 5255 3.1)
        Output = new ResponseWriter(Connection.Output);
        Input = new CommandReader(Connection.Input);
    }

    /// <summary>Reads and writes through DEFLATE from here on (RFC 4978); what is read is inflated piece by piece, so that the limits of commands hold for it too.</summary>
    private void StartCompression()
    {
        var limits = Input.Limits;
        Output = new ResponseWriter(Deflating.Writer(Connection.Output));
        Input = new CommandReader(Deflating.Reader(Connection.Input)) { Limits = limits };
        UseUtf8Names();
        Speak(Modes.Language);
    }

    private ValueTask GoAheadAsync(CancellationToken cancellationToken) => ContinueAsync("OK", cancellationToken);

    private void WriteTagged(string tag, Completion completion)
    {
        Output.Write(tag);
        Output.Write(completion.Status switch
        {
            CompletionStatus.Ok => " OK "u8,
            CompletionStatus.No => " NO "u8,
            _ => " BAD "u8,
        });
        if (completion.Code is { } code)
        {
            Output.Write((byte)'[');
            Output.Write(code);
            Output.Write("] "u8);
        }

        Output.Text(Modes.Language?.Translate(completion.Text) ?? completion.Text);
        Output.Line();
    }

    private async Task ByeAsync(string text)
    {
        try
        {
            if (Output.IsInsideLiteral)
            {
                return;
            }

            // The session's own token has fired: saying goodbye gets a short time of its own.
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), With.Clock);
            Connection.SetDeadline(DeadlineKind.Write, TimeSpan.FromSeconds(5));
            Output.Write("* BYE "u8);
            Output.Text(Modes.Language?.Translate(text) ?? text);
            Output.Line();
            await Output.FlushAsync(limit.Token);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or InvalidOperationException)
        {
            LogPeerLeft(With.Log, Connection.Id, string.Create(CultureInfo.InvariantCulture, $"{text}: {gone.Message}"));
        }
    }

    [LoggerMessage(6101, LogLevel.Error, "IMAP session {Connection}: a command failed, reference {Reference}")]
    private static partial void LogBug(ILogger log, Exception bug, string connection, string reference);

    [LoggerMessage(6102, LogLevel.Debug, "IMAP session {Connection}: peer left: {Reason}")]
    private static partial void LogPeerLeft(ILogger log, string connection, string reason);
}
