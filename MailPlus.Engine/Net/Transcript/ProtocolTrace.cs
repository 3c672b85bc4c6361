using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Net.Transcript;

/// <summary>
/// Writes protocol lines to the log, level Trace of its own category, which is off unless an administrator turns it on. Whoever calls has masked secrets
/// (<see cref="SecretMask"/>); message content is never given to it.
/// </summary>
public sealed partial class ProtocolTrace(ILogger<ProtocolTrace> log)
{
    /// <summary>What the peer said.</summary>
    public void Heard(string connection, string line)
    {
        if (log.IsEnabled(LogLevel.Trace))
        {
            LogHeard(connection, line);
        }
    }

    /// <summary>What we said.</summary>
    public void Said(string connection, string line)
    {
        if (log.IsEnabled(LogLevel.Trace))
        {
            LogSaid(connection, line);
        }
    }

    /// <summary>Whether anybody reads it: asked before a line is put together.</summary>
    public bool IsOn => log.IsEnabled(LogLevel.Trace);

    [LoggerMessage(1021, LogLevel.Trace, "{Connection} C: {Line}")]
    private partial void LogHeard(string connection, string line);

    [LoggerMessage(1022, LogLevel.Trace, "{Connection} S: {Line}")]
    private partial void LogSaid(string connection, string line);
}
