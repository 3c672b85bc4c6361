using System.Xml.Linq;
using MailPlus.Engine.Database;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace MailPlus.Web;

/// <summary>Keeps the web keys in the database where several processes serve the web.</summary>
internal sealed class DatabaseKeys(PostgresWebKeys keys) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() => [.. keys.All().Select(document => XElement.Parse(document))];

    public void StoreElement(XElement element, string friendlyName) => keys.Add(friendlyName, element.ToString(SaveOptions.DisableFormatting));
}
