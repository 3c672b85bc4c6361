using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace MailPlus.Web.CommandLine;

/// <summary>Where the control socket of a data folder is: in the folder, or under the temporary folder where its name would be too long for a socket (108 octets).</summary>
internal static class ControlAddress
{
    private const int LongestName = 100;

    internal static string FileName(string dataFolder)
    {
        var inside = Path.Combine(dataFolder, "control.sock");
        if (Encoding.UTF8.GetByteCount(inside) <= LongestName)
        {
            return inside;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataFolder)))[..16];
        return Path.Combine(Path.GetTempPath(), $"mailplus-{hash}", "control.sock");
    }

    internal static UnixDomainSocketEndPoint EndPoint(string dataFolder) => new(FileName(dataFolder));
}
