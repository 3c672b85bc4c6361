namespace MailPlus.Web.Shared;

/// <summary>Addresses to return to come from outside: only paths of this server are followed.</summary>
public static class LocalAddress
{
    /// <summary>The address if it is a path of this server ("/x", never "//x", "/\x" or with controls), else "/".</summary>
    public static string OrHome(string? address) =>
        address is ['/', ..] && address is not ['/', '/' or '\\', ..] && !address.Any(char.IsControl) ? address : "/";
}
