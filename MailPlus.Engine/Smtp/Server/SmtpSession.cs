using System.Net;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Events;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Lines;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Smtp.Commands;
using MailPlus.Engine.Smtp.Wire;

namespace MailPlus.Engine.Smtp.Server;

/// <summary>One SMTP connection: reads a line, finds its command, asks whether it may come now, runs it, replies. Commands see the session; nothing else does.</summary>
internal sealed class SmtpSession
{
    private const int MostErrors = 20;
    private const int MostRefusedRecipients = 200;
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(60);

    private readonly ContentReceiver _receiver;
    private int _errors;
    private int _refusedRecipients;
    private int _junk;
    private TimeSpan _delay; // before the next reply
    private IPAddress? _counted;
    private MessageSource? _source;
    private XClientAttributes? _client;

    /// <summary>RFC 5321 4.5.3.1.4 asks for 512; parameters and addresses beyond ASCII take more.</summary>
    private const int CommandLimit = 2048;

    private const int LongestDelay = 60;

    /// <summary>RFC 4954 4: 12288 octets for answers of AUTH, which may begin on its line.</summary>
    private const int AuthLimit = 12288;

    public SmtpSession(NetConnection connection, SmtpRole role, SmtpDoor door)
    {
        Connection = connection;
        Role = role;
        Door = door;
        Settings = door.Settings.Current;
        Hostname = Settings.Smtp.Hostname.Length > 0 ? Settings.Smtp.Hostname : "localhost";
        IsFromProxy = AddressRanges.IsListed(connection.Remote.Address, Settings.Security.TrustedProxies);
        Input = new LineInput(connection, AuthLimit) { Patience = TimeSpan.FromSeconds(Settings.Smtp.IdleSeconds) };
        _receiver = new ContentReceiver(connection, Input, Settings.Smtp.MaximumMessageSize);
    }

    public NetConnection Connection { get; }

    public SmtpRole Role { get; }

    /// <summary>Who connected is a trusted proxy: it may say for whom it speaks, as often as it likes.</summary>
    public bool IsFromProxy { get; }

    public SmtpDoor Door { get; }

    /// <summary>The settings this session began with.</summary>
    public SettingsSnapshot Settings { get; }

    public string Hostname { get; }

    public LineInput Input { get; }

    /// <summary>What the peer called itself, null before HELO or EHLO.</summary>
    public string? Helo { get; private set; }

    public bool IsExtended { get; private set; }

    public Actor? Actor { get; private set; }

    public int AuthenticationFailures { get; set; }

    /// <summary>Messages accepted on this connection.</summary>
    public int Messages { get; private set; }

    public SmtpTransaction? Transaction { get; private set; }

    /// <summary>Log-in may be offered: under TLS, or in the laboratory (mail-rules 20).</summary>
    public bool MayAuthenticate => Connection.IsTls || Door.Run.IsLab(Connection.Remote.Address);

    /// <summary>Only STARTTLS leads on (PRO-011), unless a proxy has vouched for the client.</summary>
    public bool MustStartTls => Role == SmtpRole.Submission && !MayAuthenticate && Actor is null;

    /// <summary>Mail only from who has logged in: 465 and 587 (mail-rules 17).</summary>
    public bool MustAuthenticate => Role != SmtpRole.Mx && Actor is null;

    /// <summary>Whether a policy lets this peer be told who exists.</summary>
    public bool IsTold(VerifyPolicy policy) => policy == VerifyPolicy.Everybody || policy == VerifyPolicy.SignedIn && Actor is not null;

    public SmtpStage Stage =>
        Helo is null ? SmtpStage.Start
        : Transaction is null ? SmtpStage.Ready
        : Transaction.Chunks is not null ? SmtpStage.Chunking
        : Transaction.Recipients.Count > 0 ? SmtpStage.Recipients
        : SmtpStage.Mail;

    /// <summary>Where messages of this session come from.</summary>
    public MessageSource Source => _source ??= new MessageSource(Actor is null ? MessageOrigin.Inbound : MessageOrigin.Submission)
    {
        Client = Connection.Remote.Address,
        ClientName = _client?.Name ?? "",
        Helo = _client?.Helo is { Length: > 0 } claimed ? claimed : Helo ?? "",
        Protocol = ProtocolName(smtpUtf8: false),
        Tls = TlsName(),
        Actor = Actor,
        ConnectionId = Connection.Id,
    };

    /// <summary>Serves the connection to its end.</summary>
    public async Task RunAsync(CancellationToken aborted)
    {
        try
        {
            // A proxy says first for whom it speaks.
            var refused = IsFromProxy ? null : Enter();
            Write(refused ?? Greeting);
            while (refused is null && await StepAsync(aborted))
            {
            }
        }
        catch (DeadlineException late) when (late.Kind != DeadlineKind.Write)
        {
            Write(SmtpReplies.Timeout(Hostname));
        }
        catch (OperationCanceledException) when (Connection.Closing.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            Write(SmtpReplies.ShuttingDown(Hostname));
        }
        catch (Exception failure) when (failure is not (IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException))
        {
            Write(SmtpReplies.InternalError(Connection.Id));
            throw; // the connection's own catch logs it under this id
        }
        finally
        {
            Leave();
            await EndTransactionAsync();
        }
    }

    /// <summary>The 220.</summary>
    public SmtpReply Greeting => SmtpReplies.Greeting(Hostname, Settings.Smtp.Banner);

    /// <summary>AUTH exists: everywhere but on port 25 of a server that has it switched off (mail-rules 17).</summary>
    public bool OffersAuthentication => Role != SmtpRole.Mx || Settings.Smtp.AuthenticationEnabled;

    /// <summary>Counts the client's connection in; the reply when it is one too many.</summary>
    public SmtpReply? Enter()
    {
        Leave();
        var client = Connection.Remote.Address;
        if (Role != SmtpRole.Mx || Actor is not null || Door.Policies is not { } policies)
        {
            return null;
        }

        if (policies.Enter(client) is { } refusal)
        {
            var reply = SmtpReplies.TooMuch(refusal, Hostname);
            Refused("", reply);
            return reply;
        }

        _counted = client;
        return null;
    }

    private void Leave()
    {
        if (_counted is { } client)
        {
            _counted = null;
            Door.Policies?.Leave(client);
        }
    }

    /// <summary>Greets: what was said before is void (RFC 5321 4.1.4).</summary>
    public async ValueTask GreetAsync(string name, bool extended)
    {
        await EndTransactionAsync();
        Helo = name.Length > 255 ? name[..255] : name;
        IsExtended = extended;
        _source = null;
    }

    /// <summary>Begins anew for the client of a proxy: nothing said before counts.</summary>
    public async ValueTask BeginForAsync(XClientAttributes client, Actor? actor)
    {
        await EndTransactionAsync();
        _client = client;
        Helo = null;
        Actor = actor;
        AuthenticationFailures = 0;
        _source = null;
    }

    public void SignIn(Actor actor)
    {
        Actor = actor;
        _source = null;
    }

    public void BeginTransaction(SmtpTransaction transaction) => Transaction = transaction;

    public async ValueTask EndTransactionAsync()
    {
        if (Transaction is { } ended)
        {
            Transaction = null;
            await ended.DisposeAsync();
        }
    }

    /// <summary>Puts a reply into the output.</summary>
    public void Write(SmtpReply reply)
    {
        reply.WriteTo(Connection.Output);
        if (Door.Trace is { IsOn: true } trace)
        {
            trace.Said(Connection.Id, reply.ToString());
        }
    }

    /// <summary>TLS: everything learned before it is void (RFC 3207 4.2).</summary>
    public async ValueTask StartTlsAsync(CancellationToken aborted)
    {
        Write(SmtpReplies.ReadyForTls);
        Connection.DropInput();
        await Input.FlushAsync(aborted);
        Connection.SetDeadline(DeadlineKind.Handshake, HandshakeTime);
        await Connection.StartTlsAsync(aborted);
        Input.Restart();
        await EndTransactionAsync();
        Helo = null;
        _source = null;
    }

    /// <summary>Counts a recipient that was refused and tells of it.</summary>
    public void Refused(string recipient, SmtpReply reply)
    {
        _refusedRecipients++;
        Door.Events.Publish(new MessageRefused(Transaction?.ReversePath?.ToString() ?? "", recipient, reply.ToString())
        {
            Time = Instant.Now(Door.Clock),
            Client = Connection.Remote.Address,
        });
    }

    /// <summary>Reads the message after 354 and takes it. Null when the reply has been sent.</summary>
    public async ValueTask<SmtpReply?> ReceiveAsync(CancellationToken aborted)
    {
        var spool = Door.Spool.Open();
        await using (spool)
        {
            var end = await _receiver.ReadDataAsync(spool, aborted);
            return end == ContentEnd.Complete ? await Acceptor().AcceptAsync(spool) : await EndBadlyAsync(end);
        }
    }

    /// <summary>Reads a chunk of BDAT; with the last one the message is taken. Null when the reply has been sent.</summary>
    public async ValueTask<SmtpReply?> ReceiveChunkAsync(long size, bool last, CancellationToken aborted)
    {
        if (size > _receiver.HopelessAt)
        {
            return Closing(SmtpReplies.TooLarge(Settings.Smtp.MaximumMessageSize));
        }

        if (Transaction is not { Recipients.Count: > 0 } transaction)
        {
            var left = await _receiver.ReadChunkAsync(null, null, size, aborted) == ContentEnd.PeerLeft;
            return left ? throw new IOException("the peer left inside a chunk") : Transaction is null ? SmtpReplies.MailFirst : SmtpReplies.NoRecipients;
        }

        var spool = transaction.Chunks ??= Door.Spool.Open();
        var end = await _receiver.ReadChunkAsync(spool, transaction.ChunkLines, size, aborted);
        if (end == ContentEnd.Complete && last && transaction.ChunkLines is { } lines)
        {
            lines.Finish();
            end = lines.HasBareLineEnd ? ContentEnd.BareLineEnd : end;
        }

        if (end != ContentEnd.Complete)
        {
            return await EndBadlyAsync(end);
        }

        return last ? await Acceptor().AcceptAsync(spool) : SmtpReplies.ChunkTaken(size);
    }

    /// <summary>Told after a message was taken.</summary>
    public void Accepted()
    {
        Messages++;
        _errors = 0;
    }

    /// <summary>RFC 3848 and, for SMTPUTF8, RFC 6531 4.3.</summary>
    public string ProtocolName(bool smtpUtf8) =>
        !(_client?.IsExtended ?? IsExtended) ? "SMTP" : (smtpUtf8 ? "UTF8SMTP" : "ESMTP") + (Connection.IsTls ? "S" : "") + (Actor is null ? "" : "A");

    private static SmtpReply Closing(SmtpReply reply) => new(reply.Code, reply.Enhanced, reply.Text) { Closes = true };

    private MessageAcceptor Acceptor() => new(this);

    /// <summary>One command. False when the connection ends.</summary>
    private async ValueTask<bool> StepAsync(CancellationToken aborted)
    {
        if (Transaction is null && Connection.Closing.IsCancellationRequested)
        {
            Write(SmtpReplies.ShuttingDown(Hostname));
            return false;
        }

        var read = await Input.ReadLineAsync(static line => SmtpLine.Parse(line), Connection.Closing);
        if (read.IsEnd)
        {
            if (Input.IsForeignTls)
            {
                Write(SmtpReplies.NotTls);
            }

            return false;
        }

        var reply = read.Status switch
        {
            LineStatus.Complete => await RunCommandAsync(read.Value, aborted),
            LineStatus.BareLineFeed => SmtpReplies.BareLineFeed,
            LineStatus.BareCarriageReturn => SmtpReplies.BareCarriageReturn,
            _ => SmtpReplies.LineTooLong,
        };
        if (reply is null)
        {
            return true;
        }

        if (reply.Code is >= 500 and not 550 and not 535)
        {
            _errors++;
        }

        if (_delay > TimeSpan.Zero)
        {
            await Input.FlushAsync(aborted);
            await Task.Delay(_delay, Door.Clock, Connection.Closing);
            _delay = TimeSpan.Zero;
        }

        Write(reply);
        if (reply.Closes)
        {
            return false;
        }

        if (_errors >= MostErrors || _refusedRecipients >= MostRefusedRecipients && Actor is null)
        {
            Write(SmtpReplies.TooManyErrors(Hostname));
            return false;
        }

        return true;
    }

    private ValueTask<SmtpReply?> RunCommandAsync(SmtpLine line, CancellationToken aborted)
    {
        if (Door.Trace is { IsOn: true } trace)
        {
            trace.Heard(Connection.Id, line.Verb == SmtpVerb.Auth ? "AUTH ***" : $"{line.Verb} {line.Argument}");
        }

        if (line.IsMalformed)
        {
            return new ValueTask<SmtpReply?>(SmtpReplies.MalformedLine);
        }

        if (line.Verb != SmtpVerb.Auth && line.Argument.Length > CommandLimit)
        {
            return new ValueTask<SmtpReply?>(SmtpReplies.LineTooLong);
        }

        var command = SmtpCommands.Find(line.Verb);
        if (command is null)
        {
            return new ValueTask<SmtpReply?>(MustStartTls ? SmtpReplies.TlsFirst : line.Verb == SmtpVerb.Http ? SmtpReplies.NotHttp : SmtpReplies.Unrecognized);
        }

        if (command.IsJunk && Actor is null)
        {
            CountJunk();
        }

        if (HasSentAhead(command))
        {
            return new ValueTask<SmtpReply?>(SmtpReplies.SentAhead);
        }

        return command.RefuseNow(this) is { } refused
            ? new ValueTask<SmtpReply?>(refused)
            : command.RunAsync(this, line.Argument, aborted);
    }

    /// <summary>DEL-115: over the limit replies come a second later for every ten more.</summary>
    private void CountJunk()
    {
        _junk++;
        var most = Door.Settings.Current.SmtpPolicy.JunkCommandsPerSession;
        _delay = most > 0 && _junk > most && !Door.Run.IsLab(Connection.Remote.Address) ? TimeSpan.FromSeconds(Math.Min((_junk - most) / 10, LongestDelay)) : TimeSpan.Zero;
    }

    /// <summary>DEL-111: something came before the reply to a command that has to be waited for, or of a client that was never told it may send ahead. Mail that has no recipient yet is not read as commands then.</summary>
    private bool HasSentAhead(SmtpCommand command) =>
        (command.EndsGroup || !IsExtended) && command.Verb is not (SmtpVerb.Quit or SmtpVerb.Rset) && Role == SmtpRole.Mx && Actor is null
        && Door.Settings.Current.SmtpPolicy.RejectUnauthorizedPipelining && Door.Policies?.IsStranger(Connection.Remote.Address) == true && Input.HasMore();

    private async ValueTask<SmtpReply?> EndBadlyAsync(ContentEnd end)
    {
        if (end == ContentEnd.PeerLeft)
        {
            throw new IOException("the peer left inside a message");
        }

        var reply = end switch
        {
            ContentEnd.BareLineEnd => SmtpReplies.BareLineEndInMessage,
            ContentEnd.Hopeless => Closing(SmtpReplies.TooLarge(Settings.Smtp.MaximumMessageSize)),
            _ => SmtpReplies.TooLarge(Settings.Smtp.MaximumMessageSize),
        };
        Refused(string.Join(", ", Transaction!.Recipients.Take(10).Select(r => r.Address.ToString())), reply);
        await EndTransactionAsync();
        return reply;
    }

    private string? TlsName() => Connection.TlsProtocol is { } protocol
        ? $"{protocol switch { System.Security.Authentication.SslProtocols.Tls13 => "TLSv1.3", System.Security.Authentication.SslProtocols.Tls12 => "TLSv1.2", _ => protocol.ToString() }} with cipher {Connection.CipherSuite}"
        : null;
}
