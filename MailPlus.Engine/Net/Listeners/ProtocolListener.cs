using System.Net;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Net.Listeners;

/// <summary>A protocol that can be listened for; listed in EngineWiring.</summary>
/// <param name="Name">The name of the automation contract: <c>smtp submission smtps imap imaps</c>…</param>
/// <param name="Setting">Its switch and port in the settings.</param>
/// <param name="Handler">Serves its connections.</param>
public sealed record ProtocolListener(string Name, Func<ServiceSettings, ListenerSetting> Setting, IConnectionHandler Handler)
{
    /// <summary>TLS from the first octet.</summary>
    public bool ImplicitTls { get; init; }

    /// <summary>One line, without its line end, for a connection over a limit; not said on implicit TLS listeners, which just close.</summary>
    public string BusyLine { get; init; } = "";

    /// <summary>"421 4.7.0" of SMTP.</summary>
    public const string SmtpBusyLine = "421 4.7.0 Too many connections, try again later";

    /// <summary>BYE of IMAP.</summary>
    public const string ImapBusyLine = "* BYE [UNAVAILABLE] Too many connections, try again later";

    /// <summary>BYE of ManageSieve (RFC 5804 1.2).</summary>
    public const string SieveBusyLine = "BYE (TRYLATER) \"Too many connections, try again later\"";

    /// <summary>-ERR of POP3 (RFC 3206).</summary>
    public const string Pop3BusyLine = "-ERR [SYS/TEMP] Too many connections, try again later";
}

/// <summary>How a listener is doing.</summary>
public enum ListenerStatus
{
    /// <summary>Off by settings or by the command line.</summary>
    Stopped,

    /// <summary>Listening where it should.</summary>
    Running,

    /// <summary>It should listen but cannot (all of it or on some address), for the reason given; it is tried again.</summary>
    Abnormal,
}

/// <summary>The state of one listener, for the console, <c>--ports-file</c> and health.</summary>
/// <param name="Name">Listener name.</param>
/// <param name="Status">How it is doing.</param>
public sealed record ListenerState(string Name, ListenerStatus Status)
{
    /// <summary>Where it listens now, real ports.</summary>
    public IReadOnlyList<IPEndPoint> Bound { get; init; } = [];

    /// <summary>Why it is Abnormal: PortInUse, PortForbidden, AddressMissing, PortUsedTwice or PortUnavailable with the end point as argument.</summary>
    public Refusal? Reason { get; init; }

    /// <summary>The command line fixes where it listens for this run; the settings do not matter.</summary>
    public bool Overridden { get; init; }

    /// <summary>The port is the wanted one + 10000, because the process may not bind well-known ports.</summary>
    public bool FellBack { get; init; }
}
