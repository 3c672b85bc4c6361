using System.Buffers;
using System.Globalization;
using System.Security.Authentication;
using System.Text;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.ManageSieve.Commands;
using MailPlus.Engine.ManageSieve.Wire;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Lines;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Sieve.Scripts;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.ManageSieve.Server;

/// <summary>A command as it was read.</summary>
/// <param name="Keyword">In capitals.</param>
/// <param name="Words">What follows it.</param>
internal sealed record ManageSieveCommandLine(string Keyword, IReadOnlyList<SieveWord> Words);

/// <summary>One ManageSieve session: reads a command with its literals, asks whether it may come now, runs it, answers.</summary>
internal sealed partial class ManageSieveSession
{
    private const int MostErrors = 20;
    private const int MostFailures = 3;
    private const int LongestLine = 16 * 1024;
    private const int LongestOfStrangers = 16 * 1024;
    private const int Spare = 64 * 1024;
    private const long NeverRead = 64L * 1024 * 1024;
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StrangerPatience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30); // RFC 5804 1.2

    private readonly bool _isLab;
    private int _errors;
    private int _failures;

    public ManageSieveSession(NetConnection connection, ManageSieveDoor door)
    {
        Connection = connection;
        Door = door;
        Settings = door.Settings.Current;
        _isLab = door.Run.IsLab(connection.Remote.Address);
        Input = new LineInput(connection, LongestLine) { Patience = StrangerPatience };
    }

    public NetConnection Connection { get; }

    public ManageSieveDoor Door { get; }

    public SettingsSnapshot Settings { get; }

    public LineInput Input { get; }

    /// <summary>Who has signed in.</summary>
    public Actor? Actor { get; private set; }

    public AccountId Account => Actor?.Account ?? throw new InvalidOperationException("nobody has signed in");

    public SaslChannel Channel => SaslChannel.Of("sieve", Connection, Connection.IsTls || _isLab);

    /// <summary>Serves the connection to its end.</summary>
    public async Task RunAsync(CancellationToken aborted)
    {
        try
        {
            Greet();
            while (await StepAsync(aborted))
            {
            }
        }
        catch (DeadlineException late) when (late.Kind != DeadlineKind.Write)
        {
            Write(ManageSieveReply.Bye("Idle for too long", "TRYLATER"));
        }
        catch (OperationCanceledException) when (Connection.Closing.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            Write(ManageSieveReply.Bye("The server is shutting down", "TRYLATER"));
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or AuthenticationException)
        {
            LogPeerLeft(Door.Log, Connection.Id, gone.Message);
        }
    }

    /// <summary>The capabilities and OK: the greeting, and what follows TLS (RFC 5804 1.7, 2.2).</summary>
    public void Greet()
    {
        Capabilities();
        var host = Settings.Smtp.Hostname;
        Write(ManageSieveReply.Ok($"{(host.Length > 0 ? host : "MailPlus")} ManageSieve ready"));
    }

    public void Capabilities()
    {
        Line("\"IMPLEMENTATION\" \"MailPlus\"");
        Line($"\"SASL\" \"{(Actor is null ? string.Join(' ', Door.Sasl.Offered(Channel)) : "")}\"");
        Line($"\"SIEVE\" \"{string.Join(' ', ScriptOperations.Extensions)}\"");
        Line("\"NOTIFY\" \"mailto\"");
        Line($"\"MAXREDIRECTS\" \"{Settings.Sieve.MaximumRedirects.ToString(CultureInfo.InvariantCulture)}\"");
        if (!Connection.IsTls)
        {
            Line("\"STARTTLS\"");
        }

        if (Actor is { } actor)
        {
            Line($"\"OWNER\" {ManageSieveReply.Quoted(actor.Name)}");
        }

        Line("\"UNAUTHENTICATE\"");
        Line("\"VERSION\" \"1.0\"");
    }

    public ManageSieveReply SignIn(Actor actor)
    {
        Actor = actor;
        Input.Patience = Patience;
        _errors = 0;
        return ManageSieveReply.Ok("Signed in");
    }

    public void SignOut()
    {
        Actor = null;
        Input.Patience = StrangerPatience;
    }

    /// <summary>The answer to a failed log-in; the last one closes.</summary>
    public ManageSieveReply Failed(Refusal refusal)
    {
        _failures += refusal.Kind is RefusalKind.AuthenticationFailed or RefusalKind.NotAllowed ? 1 : 0;
        return _failures >= MostFailures ? ManageSieveReply.Bye("Too many failed log-ins") : ManageSieveReply.Of(refusal);
    }

    /// <summary>TLS: octets that came too early are dropped (RFC 5804 2.2).</summary>
    public async ValueTask StartTlsAsync(CancellationToken aborted)
    {
        Write(ManageSieveReply.Ok("Begin TLS"));
        Connection.DropInput();
        await Input.FlushAsync(aborted);
        Connection.SetDeadline(DeadlineKind.Handshake, HandshakeTime);
        await Connection.StartTlsAsync(aborted);
        Input.Restart();
        Greet();
    }

    public void Line(string text) => Connection.Output.Write(Encoding.UTF8.GetBytes(text + "\r\n"));

    public void Octets(ReadOnlySpan<byte> octets) => Connection.Output.Write(octets);

    /// <summary>A string by itself, as answers in an exchange of SASL are; null when it is none.</summary>
    public async ValueTask<string?> ReadTextAsync()
    {
        var (words, _) = await ReadWordsAsync(LongestOfStrangers);
        return words is [{ IsText: true } text] ? text.Text : null;
    }

    /// <summary>One command. False when the connection ends.</summary>
    private async ValueTask<bool> StepAsync(CancellationToken aborted)
    {
        var (words, tooLarge) = await ReadWordsAsync(Actor is null ? LongestOfStrangers : Settings.Sieve.MaximumScriptSize + Spare);
        if (words is { Count: 0 })
        {
            return false; // the peer has left
        }

        var reply = tooLarge ? ManageSieveReply.No("The string is too long", "QUOTA/MAXSIZE")
            : words?[0].Atom is { } keyword ? await RunAsync(new ManageSieveCommandLine(keyword.ToUpperInvariant(), [.. words.Skip(1)]), aborted)
            : ManageSieveReply.No("A command was expected");
        if (reply is null)
        {
            return true;
        }

        Write(reply);
        _errors += reply.IsOk ? 0 : 1;
        if (_errors >= MostErrors)
        {
            Write(ManageSieveReply.Bye("Too many errors"));
            return false;
        }

        return !reply.Closes && !(reply.IsOk && reply.Text == LogoutCommand.Farewell);
    }

    private async ValueTask<ManageSieveReply?> RunAsync(ManageSieveCommandLine line, CancellationToken aborted)
    {
        if (Door.Trace is { IsOn: true } trace)
        {
            trace.Heard(Connection.Id, $"{line.Keyword}{(line.Words.Count > 0 ? " ***" : "")}");
        }

        if (ManageSieveCommands.Find(line.Keyword) is not { } command)
        {
            return line.Keyword is "GET" or "POST" or "HEAD" ? ManageSieveReply.Bye("This is no web server") : ManageSieveReply.No("Unknown command");
        }

        if (!command.MayRun(this))
        {
            return ManageSieveReply.No(Actor is null ? "Authenticate first" : "Signed in already");
        }

        try
        {
            return await command.RunAsync(this, line.Words, aborted);
        }
        catch (RefusedException refused)
        {
            return ManageSieveReply.Of(refused.Refusal);
        }
        catch (Exception bug) when (bug is not (IOException or OperationCanceledException or AuthenticationException))
        {
            var id = Guid.NewGuid().ToString("N")[..12];
            LogBug(Door.Log, bug, Connection.Id, id);
            return ManageSieveReply.Bye($"Internal error, reference {id}", "TRYLATER");
        }
    }

    /// <summary>The words of a command: none when the peer has left, null when they break the grammar.</summary>
    private async ValueTask<(IReadOnlyList<SieveWord>? Words, bool TooLarge)> ReadWordsAsync(long most)
    {
        List<SieveWord> words = [];
        var isTooLarge = false;
        while (true)
        {
            var read = await Input.ReadLineAsync(static line => SieveLine.Parse(line.IsSingleSegment ? line.FirstSpan : line.ToArray()), Connection.Closing);
            if (read.IsEnd)
            {
                return ([], false);
            }

            if (read.Status != LineStatus.Complete || read.Value is not { } line)
            {
                return (null, false);
            }

            words.AddRange(line.Words);
            if (line.Literal is not { } octets)
            {
                return words.Count == 0 ? (null, isTooLarge) : (words, isTooLarge);
            }

            isTooLarge |= octets > most;
            if (octets > NeverRead || words.Count > 8)
            {
                Write(ManageSieveReply.Bye("The string is too long", "QUOTA/MAXSIZE"));
                return ([], false);
            }

            words.Add(new SieveWord(null, await LiteralAsync(octets, keeps: !isTooLarge)));
        }
    }

    private async ValueTask<byte[]> LiteralAsync(long octets, bool keeps)
    {
        var kept = keeps ? new byte[octets] : [];
        var pace = Input.BeginContent();
        for (long soFar = 0; soFar < octets;)
        {
            var result = await Input.ReadContentAsync(pace, soFar, Connection.Closing);
            var part = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, octets - soFar));
            if (part.IsEmpty && result.IsCompleted)
            {
                throw new IOException("the peer left inside a string");
            }

            if (keeps)
            {
                part.CopyTo(kept.AsSpan((int)soFar));
            }

            soFar += part.Length;
            Connection.Input.AdvanceTo(part.End);
        }

        return kept;
    }

    private void Write(ManageSieveReply reply)
    {
        Line(reply.ToString());
        if (Door.Trace is { IsOn: true } trace)
        {
            trace.Said(Connection.Id, reply.ToString());
        }
    }

    [LoggerMessage(6301, LogLevel.Error, "ManageSieve session {Connection}: a command failed, reference {Reference}")]
    private static partial void LogBug(ILogger log, Exception bug, string connection, string reference);

    [LoggerMessage(6302, LogLevel.Debug, "ManageSieve session {Connection}: peer left: {Reason}")]
    private static partial void LogPeerLeft(ILogger log, string connection, string reason);
}
