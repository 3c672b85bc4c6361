using System.Security.Cryptography;

namespace MailPlus.Web.Shared;

/// <summary>The log lines of the web part. A fault gets a short id that the page shows, so that an administrator finds the line.</summary>
internal static partial class WebLog
{
    public static string PageFailed(ILogger log, Exception fault)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        LogPageFailed(log, id, fault);
        return id;
    }

    [LoggerMessage(EventId = 9001, Level = LogLevel.Error, Message = "A page failed, fault {Fault}")]
    private static partial void LogPageFailed(ILogger log, string fault, Exception exception);

    [LoggerMessage(EventId = 9002, Level = LogLevel.Warning, Message = "{Listener} cannot listen on {Address}: {Reason}")]
    public static partial void ListenerFailed(ILogger log, string listener, string address, string reason);
}
