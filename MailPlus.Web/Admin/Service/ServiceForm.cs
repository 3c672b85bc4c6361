namespace MailPlus.Web.Admin.Service;

/// <summary>The settings of the Service page, by their names in the catalog, in the order they are shown.</summary>
internal static class ServiceForm
{
    public static IReadOnlyList<string> Listeners { get; } = ["Service.Smtp", "Service.Smtps", "Service.Submission", "Service.Imap", "Service.Imaps"];

    public static IReadOnlyList<string> Settings { get; } =
    [
        .. Listeners, "Service.WebmailEnabled", "Service.ListenAddresses", "Service.MaximumConnectionsPerAddress", "Service.MaximumConnections",
    ];
}
